//! A page of 100 rows, the first and the last of the file, against bare warp with the same bytes.

use std::path::Path;

use super::load::Load;
use super::program::Program;
use super::table::{Row, Unit};
use super::turns::{SPELL, SPELLS, in_turn};
use super::{Ground, V2};

/// What is measured, on the CSV.
pub fn measure(ground: &Ground) -> Vec<Row> {
    let store = tempfile::tempdir().expect("a folder");
    let program = Program::start(store.path(), &["--log-level", "info"]);
    program.put("/datasets/flights?null=NA", &ground.body());
    let total = program.get_json("/datasets/flights")["row_count"]
        .as_u64()
        .expect("a number");
    let page = "/datasets/flights/rows?limit=100";
    let first = "/datasets/flights?page=1&per_page=100";
    let last = format!(
        "/datasets/flights?page={}&per_page=100",
        total.div_ceil(100) - 1
    );
    let bare = bare(&program, page, store.path());
    let [ours, theirs, fresh, near, far] = in_turn(
        SPELLS,
        [
            &mut |_| rate(&program, page),
            &mut |_| rate(&bare, "/"),
            &mut |_| Load::varied(program.address, unseen).run(64, SPELL),
            &mut |_| Load::gets(program.address, first, "*/*").run(64, SPELL),
            &mut |_| Load::gets(program.address, &last, "*/*").run(64, SPELL),
        ],
    );
    vec![
        Row::of(
            "page of 100 rows as JSON that was asked for before, 64 connections",
            ours,
            Unit::PerSecond,
        )
        .against("bare warp, same bytes", theirs)
        .at_least(0.8),
        Row::of(
            "page that was not asked for before, 64 connections",
            fresh,
            Unit::PerSecond,
        )
        .against("bare warp", theirs)
        .at_least(0.25),
        Row::of("last page of the file", far, Unit::PerSecond)
            .against("first page", near)
            .within_a_tenth(),
    ]
}

/// Bare warp with the bytes of that page.
pub fn bare(program: &Program, page: &str, folder: &Path) -> Program {
    let bytes = folder.join("page.json");
    std::fs::write(&bytes, program.get(page)).expect("the page can be written");
    Program::start_bare(&bytes)
}

/// How often a second the page is answered over 64 connections.
pub fn rate(program: &Program, page: &str) -> f64 {
    Load::gets(program.address, page, V2).run(64, SPELL)
}

/// A page for each number: each of each size is asked for once.
fn unseen(number: u64) -> String {
    let number = number.wrapping_mul(0x9e37_79b9) >> 7;
    let (page, size) = (1 + number % 3000, 60 + number / 3000 % 120);
    format!("/datasets/flights?page={page}&per_page={size}")
}
