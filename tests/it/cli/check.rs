//! `flash check` reads every byte, says what is damaged, and leaves a running server alone.

use diesel::connection::SimpleConnection as _;
use tempfile::TempDir;

use super::stores::{address, append, badly, connect, database, filled, number, put, well};
use crate::metrics::whole;
use crate::process::{Program, flash};

#[test]
fn a_store_that_is_whole_is_said_to_be_well_beside_its_server() {
    let program = filled();
    let said = well(flash(&program.folder(), &["check"]));
    assert!(said.starts_with("7 datasets, 12 revisions, "), "{said}");
    assert!(said.ends_with("bytes: all is well\n"), "{said}");
    put(&program, "after", "text/csv", "id\n1\n");
}

#[test]
fn what_revisions_share_is_read_once() {
    let program = Program::serve(&[]);
    put(&program, "grown", "text/csv", "id\n1\n");
    for row in 2..9 {
        append(&program, "grown", format!("{row}\n"));
    }
    let said = well(flash(&program.folder(), &["check"]));
    assert_eq!(
        said,
        "1 datasets, 8 revisions, 8 blocks, 19 bytes: all is well\n"
    );
}

#[test]
fn every_kind_of_damage_is_told_with_its_place_and_ends_with_1() {
    let program = filled();
    let folder = TempDir::new().unwrap();
    let sound = folder.path().join("sound.db");
    well(flash(
        &program.folder(),
        &["backup", sound.to_str().unwrap()],
    ));
    let of_large = "dataset_id = (SELECT id FROM datasets WHERE name = 'large')";
    let damages = [
        (
            format!(
                "UPDATE chunk_data SET data = zeroblob(length(data)) WHERE {of_large} AND first_byte = 0"
            ),
            [
                "large, revision 1, segment ",
                "block at byte 0: it is damaged",
            ],
        ),
        (
            format!(
                "UPDATE chunk_data SET digest = zeroblob(16) WHERE {of_large} AND first_byte = 0"
            ),
            [
                "large, revision 1, segment ",
                "block at byte 0: it is damaged",
            ],
        ),
        (
            format!("DELETE FROM chunks WHERE {of_large} AND seq = 1"),
            ["large, revision 1, segment ", " come next"],
        ),
        (
            format!("DELETE FROM chunk_data WHERE {of_large}"),
            ["large, revision 3", "rows of it, and it has 0"],
        ),
        (
            format!(
                "UPDATE chunks SET row_count = row_count + 1 WHERE {of_large} AND first_byte = 0"
            ),
            ["large, revision 1", "it should have"],
        ),
        (
            format!("UPDATE chunks SET stats = x'09' WHERE {of_large} AND first_byte = 0"),
            ["large, revision 1", "zone maps"],
        ),
        (
            format!("UPDATE revisions SET sha256 = zeroblob(32) WHERE {of_large} AND number = 2"),
            ["large, revision 2: ", "the SHA-256 is another"],
        ),
        (
            format!("UPDATE revisions SET profile = x'01' WHERE {of_large} AND number = 2"),
            ["large, revision 2: ", "can't be read"],
        ),
        (
            format!("UPDATE revisions SET segments = x'01' WHERE {of_large} AND number = 2"),
            ["large, revision 2: ", "can't be read"],
        ),
        (
            format!("UPDATE revisions SET tail = x'01' WHERE {of_large} AND number = 3"),
            ["large, revision 3: ", "its resumable digest"],
        ),
        (
            format!("UPDATE revisions SET row_count = 7 WHERE {of_large} AND number = 1"),
            ["large, revision 1", "rows, and it has 7"],
        ),
        (
            "UPDATE descriptions SET document = x'01'".to_owned(),
            ["large: ", "its description can't be read"],
        ),
        (
            "DELETE FROM descriptions".to_owned(),
            ["large: ", "its description is missing"],
        ),
        (
            "UPDATE datasets SET revision = 9 WHERE name = 'large'".to_owned(),
            ["large: ", "should be 9, and is 3"],
        ),
        (
            // The last two bytes are the text's length, 15, and where it begins.
            "UPDATE revisions SET segments = substr(segments, 1, length(segments) - 2) || x'1000' \
             WHERE transcoded AND number = 1"
                .to_owned(),
            [
                "latin, revision 1, segment ",
                "16 bytes of it, and it has 15",
            ],
        ),
        (
            "UPDATE sources SET data = zeroblob(length(data))".to_owned(),
            ["latin, revision 1, segment ", "not what was uploaded"],
        ),
        (
            "DELETE FROM datasets WHERE name = 'header'".to_owned(),
            ["dataset number ", "has no dataset"],
        ),
    ];
    for (damage, told) in damages {
        let damaged = folder.path().join("damaged.db");
        std::fs::copy(&sound, &damaged).unwrap();
        connect(&damaged).batch_execute(&damage).unwrap();
        let arguments = ["check", "--database", &address(&damaged)];
        let (said, complaint) = badly(flash(folder.path(), &arguments), 1);
        assert!(complaint.contains("is damaged"), "{damage}: {complaint}");
        let found = said
            .lines()
            .any(|line| told.iter().all(|part| line.contains(part)));
        assert!(found, "{damage}: {said}");
        let summary = said.lines().last().unwrap();
        assert!(summary.contains(" problem"), "{damage}: {said}");
    }
}

#[test]
fn damaged_columns_are_told_with_their_place() {
    let program = Program::serve(&[]);
    let rows = (0..5000).map(|row| format!("{},{}\n", row % 7, row % 90));
    let csv = format!("a,b\n{}", rows.collect::<String>());
    put(&program, "few", "text/csv", csv);
    while !whole(&program).contains("flash_columns_due 0") {
        std::thread::yield_now();
    }
    well(flash(&program.folder(), &["check"]));
    let damage = "UPDATE column_chunks SET data = zeroblob(length(data)) WHERE place = 1";
    let mut connection = connect(&database(&program));
    connection.batch_execute(damage).unwrap();
    let (said, _) = badly(flash(&program.folder(), &["check"]), 1);
    let told = "the stored values of column 2 from row 0 of the segment on are damaged";
    assert!(said.contains(told), "{said}");
}

#[test]
fn what_was_deleted_is_not_missed_and_what_is_no_store_is_refused() {
    let program = filled();
    let garbage = "SELECT count(*) FROM garbage";
    assert!(number(&mut connect(&database(&program)), garbage) > 0);
    well(flash(&program.folder(), &["check"]));
    let arguments = ["check", "--database", "sqlite:nowhere.db"];
    let (_, complaint) = badly(flash(&program.folder(), &arguments), 1);
    assert!(complaint.contains("there is no database nowhere.db"));
    assert!(!program.folder().join("nowhere.db").exists());
}
