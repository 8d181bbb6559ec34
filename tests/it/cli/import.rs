//! `flash import` takes files in as a server would, each by itself.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use super::stores::{badly, serve, well};
use crate::process::{Program, flash};
use crate::sample::large_csv;

fn write(folder: &Path, files: &[(&str, &[u8])]) {
    for (name, contents) in files {
        fs::write(folder.join(name), contents).unwrap();
    }
}

fn from_standard_input(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_flash"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(input.as_bytes()).unwrap();
    drop(pipe);
    child.wait_with_output().unwrap()
}

fn columns(server: &Program, name: &str) -> Vec<String> {
    let path = format!("/datasets/{name}");
    let dataset = server.call("GET", &path).v2().send().ok().json();
    let columns = dataset["columns"].as_array().unwrap().iter();
    columns
        .map(|column| {
            let part = |name: &str| column[name].as_str().unwrap().to_owned();
            format!("{} {}", part("name"), part("type"))
        })
        .collect()
}

fn source(server: &Program, name: &str) -> Vec<u8> {
    let path = format!("/datasets/{name}/source");
    server.call("GET", &path).v2().send().ok().body
}

#[test]
fn a_folder_is_imported_file_by_file_and_a_wrong_file_is_told_with_its_place() {
    let folder = TempDir::new().unwrap();
    let large = large_csv(3 << 20);
    fs::create_dir(folder.path().join("data")).unwrap();
    write(
        &folder.path().join("data"),
        &[
            ("People.csv", b"id,name\n1,Ada\n"),
            ("bad.csv", b"id,name\n1,Ada\n2\n"),
            ("large.txt", large.as_bytes()),
            ("tabs.TSV", b"id\tname\n1\t\"Ada, Countess\"\n"),
            ("notes.md", b"no CSV"),
        ],
    );
    let (said, complaints) = badly(flash(folder.path(), &["import", "data"]), 1);
    let rows = large.lines().count() - 1;
    let bytes = large.len();
    assert_eq!(
        said,
        format!(
            "data/People.csv: people, 1 row, 2 columns, 14 bytes, revision 1\n\
             data/large.txt: large, {rows} rows, 2 columns, {bytes} bytes, revision 1\n\
             data/tabs.TSV: tabs, 1 row, 2 columns, 26 bytes, revision 1\n"
        )
    );
    let mut complaints = complaints.lines();
    let complaint = complaints.next().unwrap();
    assert!(
        complaint.starts_with("flash: data/bad.csv: line 3, column 2: the record has 1 field"),
        "{complaint}"
    );
    assert_eq!(
        complaints.next(),
        Some("flash: could not import 1 of 4 files")
    );
    well(flash(folder.path(), &["check"]));
    let server = serve(&folder.path().join("flash.db"));
    assert_eq!(source(&server, "large"), large.as_bytes());
    assert_eq!(columns(&server, "tabs"), ["id integer", "name string"]);
    let bad = server.call("GET", "/datasets/bad").v2().send();
    assert_eq!(bad.status, 404);
}

#[test]
fn a_name_that_is_taken_is_refused_unless_it_is_to_be_replaced() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), &[("people.csv", b"id\n1\n")]);
    let import = |more: &[&str]| flash(folder.path(), &[&["import", "people.csv"], more].concat());
    well(import(&[]));
    let (_, complaints) = badly(import(&[]), 1);
    assert!(complaints.contains("a dataset named people exists already; add --replace"));
    assert!(well(import(&["--replace"])).ends_with("revision 2\n"));
    // Two files of one name are never one dataset.
    write(folder.path(), &[("people.tsv", b"id\n2\n")]);
    let both = ["import", "people.csv", "people.tsv", "--replace"];
    let (said, complaints) = badly(flash(folder.path(), &both), 1);
    assert!(said.ends_with("revision 3\n"), "{said}");
    assert!(complaints.contains("people.csv has the name people already"));
}

#[test]
fn options_that_exclude_each_other_are_a_fault_of_the_file_and_not_of_the_store() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), &[("people.csv", b"id\n1\n")]);
    let import = ["import", "people.csv", "--header-absent", "--units", "1"];
    let (_, complaints) = badly(flash(folder.path(), &import), 1);
    assert!(
        complaints.contains("people.csv: header=absent goes with neither"),
        "{complaints}"
    );
    assert!(!complaints.contains("store"), "{complaints}");
}

#[test]
fn what_is_stated_of_a_file_is_what_an_upload_could_state() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), &[("a.csv", b"1;Zo\xeb;NA\n02;x;3\n")]);
    let stated = [
        "import",
        "a.csv",
        "--name",
        "stated",
        "--header-absent",
        "--delimiter",
        ";",
        "--charset",
        "windows-1252",
        "--null",
        "NA",
        "--null",
        "-",
        "--type",
        "column_1=string",
    ];
    well(flash(folder.path(), &stated));
    let piped = ["import", "-", "--name", "piped"];
    well(from_standard_input(folder.path(), &piped, "id\n1\n"));
    let server = serve(&folder.path().join("flash.db"));
    assert_eq!(
        columns(&server, "stated"),
        ["column_1 string", "column_2 string", "column_3 integer"]
    );
    assert_eq!(source(&server, "stated"), b"1;Zo\xeb;NA\n02;x;3\n");
    assert_eq!(source(&server, "piped"), b"id\n1\n");
}

#[test]
fn formats_are_stated_as_for_an_upload() {
    let folder = TempDir::new().unwrap();
    write(
        folder.path(),
        &[("a.csv", b"n;d;t\n1.234,5;31.12.2026;2026-01-01 12:00\n")],
    );
    let stated = "import a.csv --decimal , --thousands . --dates dmy --zone -03:30";
    well(flash(folder.path(), &stated.split(' ').collect::<Vec<_>>()));
    for (wrong, words) in [
        ("--decimal ;", "choose one of . and ,"),
        ("--zone Mars", "choose a zone of the IANA database"),
        ("--thousands .", "can't both be separated by '.'"),
    ] {
        let arguments = format!("import a.csv --name b {wrong}");
        let arguments: Vec<_> = arguments.split(' ').collect();
        let (_, complaints) = badly(flash(folder.path(), &arguments), 2);
        assert!(complaints.contains(words), "{complaints}");
    }
    let server = serve(&folder.path().join("flash.db"));
    assert_eq!(columns(&server, "a"), ["n number", "d date", "t datetime"]);
    let rows = server
        .call("GET", "/datasets/a/rows")
        .v2()
        .send()
        .ok()
        .text();
    let row = r#"{"n":1234.5,"d":"2026-12-31","t":"2026-01-01T12:00:00-03:30"}"#;
    assert!(rows.contains(row), "{rows}");
}

#[test]
fn an_import_beside_a_server_is_refused_and_changes_nothing() {
    let program = Program::serve(&[]);
    write(&program.folder(), &[("people.csv", b"id\n1\n")]);
    let (_, complaint) = badly(flash(&program.folder(), &["import", "people.csv"]), 1);
    assert!(complaint.contains("the database flash.db is held by another flash process"));
    let people = program.call("GET", "/datasets/people").v2().send();
    assert_eq!(people.status, 404);
}

#[test]
fn names_and_files_that_do_not_go_together_are_told_before_anything_is_opened() {
    let folder = TempDir::new().unwrap();
    write(
        folder.path(),
        &[("a.csv", b"id\n1\n"), ("b.csv", b"id\n1\n")],
    );
    fs::create_dir(folder.path().join("empty")).unwrap();
    for (arguments, said) in [
        (&["import", "-"][..], "--name NAME"),
        (&["import", "a.csv", "b.csv", "--name", "c"], "leave it out"),
        (&["import", "empty"], "found no .csv, .tsv or .txt file"),
        (&["import", "a.csv", "--type", "id"], "COLUMN=TYPE"),
    ] {
        let (_, complaint) = badly(flash(folder.path(), arguments), 2);
        assert!(complaint.contains(said), "{complaint}");
    }
    assert!(!folder.path().join("flash.db").exists());
    let (_, complaint) = badly(flash(folder.path(), &["import", "missing.csv"]), 1);
    assert!(
        complaint.contains("missing.csv: can't read the file"),
        "{complaint}"
    );
    assert!(!folder.path().join("flash.db").exists());
}

#[test]
fn hints_and_the_number_of_rows_that_were_set_aside_are_told_below_their_file() {
    let folder = TempDir::new().unwrap();
    write(
        folder.path(),
        &[("a.csv", b"id,v\n1,NA\n2,5\n3,4,5\n"), ("b.csv", b"n\n1\n")],
    );
    let import = |more: &[&str]| {
        let arguments = [
            &["import", "a.csv", "b.csv", "--bad-rows", "set-aside"],
            more,
        ]
        .concat();
        well(flash(folder.path(), &arguments))
    };
    assert_eq!(
        import(&[]),
        "a.csv: a, 2 rows, 2 columns, 20 bytes, revision 1\n  \
         1 row set aside: GET /datasets/a/bad-rows has all\n  \
         hint: v would be integer with null=NA\n\
         b.csv: b, 1 row, 1 column, 4 bytes, revision 1\n"
    );
    // A new revision whose columns have other types says so.
    let said = import(&["--replace", "--null", "NA"]);
    assert!(
        said.contains("  hint: the type of v changed from string to integer; "),
        "{said}"
    );
}
