//! `flash export` gives the uploaded bytes back beside a running server.

use std::fs;

use diesel::connection::SimpleConnection as _;

use super::stores::{append, badly, connect, database, filled, well};
use crate::process::flash;
use crate::sample::large_csv;

#[test]
fn all_datasets_are_exported_byte_for_byte_beside_a_server() {
    let program = filled();
    let folder = program.folder();
    let said = well(flash(&folder, &["export", "--directory", "out/csv"]));
    assert_eq!(said.lines().count(), 7);
    assert!(
        said.contains("out/csv/replaced.csv: revision 2, 2 rows, 22 bytes\n"),
        "{said}"
    );
    let mut files: Vec<_> = fs::read_dir(folder.join("out/csv"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(
        files,
        [
            "apart.csv",
            "header.csv",
            "large.csv",
            "latin.csv",
            "open-line.csv",
            "replaced.csv",
            "tabs.tsv"
        ]
    );
    for (name, file) in [
        ("large", "large.csv"),
        ("latin", "latin.csv"),
        ("tabs", "tabs.tsv"),
        ("header", "header.csv"),
        ("open-line", "open-line.csv"),
    ] {
        let path = format!("/datasets/{name}/source");
        let source = program.call("GET", &path).v2().send().ok().body;
        assert!(
            fs::read(folder.join("out/csv").join(file)).unwrap() == source,
            "{file}"
        );
    }
}

#[test]
fn one_dataset_goes_to_standard_output_as_of_any_revision_that_is_kept() {
    let program = filled();
    let export = |arguments: &[&str]| {
        let arguments = [&["export"], arguments].concat();
        let output = flash(&program.folder(), &arguments);
        assert!(output.status.success(), "{output:?}");
        output.stdout
    };
    assert!(export(&["large", "--revision", "1"]) == large_csv(400_000).as_bytes());
    assert_eq!(
        export(&["latin", "--revision", "1"]),
        b"id,name\n1,Zo\xeb\n"
    );
    assert_eq!(
        export(&["latin"]),
        "id,name\n1,Zo\u{eb}\n2,Jos\u{e9}\n".as_bytes()
    );
    let missing = ["export", "large", "--revision", "9"];
    let (said, complaint) = badly(flash(&program.folder(), &missing), 1);
    assert!(said.is_empty() && complaint.contains("large has no revision 9"));
    for arguments in [
        &["export"][..],
        &["export", "large", "tabs"],
        &["export", "--revision", "1"],
    ] {
        badly(flash(&program.folder(), arguments), 2);
    }
}

#[test]
fn a_file_that_is_there_stays_unless_it_is_to_be_replaced() {
    let program = filled();
    let folder = program.folder();
    let arguments = ["export", "open-line", "--directory", "out"];
    well(flash(&folder, &arguments));
    append(&program, "open-line", "3\n");
    let (_, complaint) = badly(flash(&folder, &arguments), 1);
    assert!(complaint.contains("out/open-line.csv: it exists already; add --force"));
    let file = folder.join("out/open-line.csv");
    assert_eq!(fs::read_to_string(&file).unwrap(), "id\n1\n2\n");
    well(flash(&folder, &[&arguments[..], &["--force"]].concat()));
    assert_eq!(fs::read_to_string(&file).unwrap(), "id\n1\n2\n3\n");
}

#[test]
fn a_source_that_is_damaged_leaves_no_file() {
    let program = filled();
    connect(&database(&program))
        .batch_execute("UPDATE chunk_data SET data = zeroblob(9) WHERE first_byte > 100000")
        .unwrap();
    let arguments = ["export", "large", "--directory", "out"];
    let (_, complaint) = badly(flash(&program.folder(), &arguments), 1);
    assert!(
        complaint.contains("the source of large, revision 3, is damaged"),
        "{complaint}"
    );
    assert_eq!(
        fs::read_dir(program.folder().join("out")).unwrap().count(),
        0
    );
}
