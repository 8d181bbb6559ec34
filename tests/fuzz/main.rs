//! The bodies of the fuzzers in `fuzz`, without libFuzzer: each is given its seeds and mutations of them, the same in every
//! run. `FLASH_FUZZ_INPUTS` says how many and `FLASH_FUZZ_SEED` which. docs/testing.md says how to fuzz for longer.

#![expect(
    clippy::print_stderr,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "what a test did not expect is to end it; and a test binary has no outside"
)]

mod mutations;
#[path = "../../fuzz/targets/lib.rs"]
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use mutations::Mutations;

/// Gives a target its seeds, and by default so many other inputs.
fn fuzz(target: &str, check: fn(&[u8]), inputs: u64) {
    let folder = format!("{}/fuzz/seeds/{target}", env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(&folder).expect("the target has seeds");
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    // A folder has no order, and the inputs are to be the same in every run.
    paths.sort();
    let seeds: Vec<Vec<u8>> = paths
        .iter()
        .map(|path| std::fs::read(path).unwrap())
        .collect();
    assert!(!seeds.is_empty(), "{folder} is empty");
    let setting = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let inputs = setting("FLASH_FUZZ_INPUTS").unwrap_or(inputs);
    let mutations = Mutations::new(&seeds, setting("FLASH_FUZZ_SEED").unwrap_or(1));
    for input in seeds.iter().cloned().chain(mutations.take(inputs as usize)) {
        let checked = catch_unwind(AssertUnwindSafe(|| check(&input)));
        if let Err(panic) = checked {
            eprintln!("{target} fails with the input \"{}\"", input.escape_ascii());
            resume_unwind(panic);
        }
    }
}

#[test]
fn negotiation_is_what_a_plain_ranking_of_all_candidates_gives() {
    fuzz("negotiation", targets::negotiation::check, 60_000);
}

#[test]
fn queries_find_what_a_plain_look_at_all_rows_finds_and_changed_cursors_are_refused() {
    fuzz("queries", targets::queries::check, 10_000);
}

#[test]
fn a_csv_is_what_a_plain_reader_makes_of_it() {
    fuzz("csv", targets::csv::check, 40_000);
}

#[test]
fn a_file_of_any_dialect_is_read_alike_however_it_comes_and_loses_no_row() {
    fuzz("dialects", targets::dialects::check, 4_000);
}

#[test]
fn blocks_give_back_what_they_were_made_of() {
    fuzz("blocks", targets::blocks::check, 300);
}
