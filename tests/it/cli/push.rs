//! `flash push` sends files to a server, and each is stored once.

use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use super::stores::{badly, well};
use super::unreliable::{Way, secure_way_to, way_to};
use crate::process::Program;
use crate::sample::large_csv;

const BUSY: &str =
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n";

/// A folder with these files.
fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, contents) in files {
        fs::write(folder.path().join(name), contents).unwrap();
    }
    folder
}

fn push(folder: &Path, to: SocketAddr, arguments: &[&str]) -> Output {
    push_by(
        Command::new(env!("CARGO_BIN_EXE_flash")).env_clear(),
        folder,
        to,
        arguments,
    )
    .output()
    .unwrap()
}

fn push_by<'a>(
    command: &'a mut Command,
    folder: &Path,
    to: SocketAddr,
    arguments: &[&str],
) -> &'a mut Command {
    command
        .arg("push")
        .args(arguments)
        .args(["--to", &format!("http://{to}")])
        .current_dir(folder)
}

fn source(server: &Program, name: &str) -> String {
    let path = format!("/datasets/{name}/source");
    server.call("GET", &path).v2().send().ok().text()
}

#[test]
fn a_dry_run_tells_what_would_become_of_files_and_stores_nothing() {
    let server = Program::serve(&[]);
    let folder = folder(&[("people.csv", b"id,name\n1,Ada\n")]);
    let said = well(push(
        folder.path(),
        server.address,
        &["people.csv", "--dry-run"],
    ));
    assert_eq!(
        said,
        "people.csv: would be people, 1 row, 2 columns, 14 bytes, revision 1\n"
    );
    let nothing = server.call("GET", "/datasets/people").v2().send();
    assert_eq!(nothing.status, 404);
    well(push(folder.path(), server.address, &["people.csv"]));
    fs::write(folder.path().join("people.csv"), "id\nx\n").unwrap();
    let arguments = ["people.csv", "--replace", "--dry-run"];
    let said = well(push(folder.path(), server.address, &arguments));
    assert_eq!(
        said,
        "people.csv: would be people, 1 row, 1 column, 5 bytes, revision 2\n\
         people.csv: its schema is 2.0\n\
         people.csv: id type: integer -> string, first in line 2, may break clients\n\
         people.csv: name removed: string, may break clients\n\
         people.csv: the type of id changed from integer to string; state type.id=integer to refuse values that don't fit\n"
    );
    assert_eq!(source(&server, "people"), "id,name\n1,Ada\n");
    let patch = server.call("PATCH", "/datasets/people").v2();
    patch
        .json(&serde_json::json!({"schema_changes": "additive"}))
        .send()
        .ok();
    let (_, said) = badly(push(folder.path(), server.address, &arguments), 1);
    assert!(
        said.contains("id changes from integer to string in line 2, name is gone"),
        "{said}"
    );
}

#[test]
fn files_become_datasets_and_each_is_told_with_the_hints_of_the_server() {
    let server = Program::serve(&[]);
    let large = large_csv(2 << 20);
    let folder = folder(&[
        ("Large File.csv", large.as_bytes()),
        ("sensors.csv", b"station,celsius\n1,3.5\n2,NA\n"),
        ("tabs.tsv", b"id\tname\n1\tAda, Countess\n"),
    ]);
    let said = well(push(folder.path(), server.address, &["."]));
    let rows = large.lines().count() - 1;
    assert_eq!(
        said,
        format!(
            "./Large File.csv: large-file, {rows} rows, 2 columns, {} bytes, revision 1\n\
             ./sensors.csv: sensors, 2 rows, 2 columns, 27 bytes, revision 1\n\
             ./sensors.csv: celsius would be number with null=NA\n\
             ./tabs.tsv: tabs, 1 row, 2 columns, 24 bytes, revision 1\n",
            large.len()
        )
    );
    assert!(source(&server, "large-file") == large);
}

#[test]
fn a_refused_file_is_told_with_its_line_and_the_others_are_sent() {
    let server = Program::serve(&[]);
    let folder = folder(&[("bad.csv", b"id,name\n1,a\n2\n"), ("good.csv", b"id\n1\n")]);
    let output = push(
        folder.path(),
        server.address,
        &["bad.csv", "good.csv", "absent.csv"],
    );
    let (said, complaints) = badly(output, 1);
    assert_eq!(
        said,
        "good.csv: good, 1 row, 1 column, 5 bytes, revision 1\n"
    );
    assert!(
        complaints.starts_with("flash: bad.csv: line 3, column 2: "),
        "{complaints}"
    );
    assert!(
        complaints.contains("flash: absent.csv: can't read the file: "),
        "{complaints}"
    );
    assert!(
        complaints.ends_with("flash: could not push 2 of 3 files\n"),
        "{complaints}"
    );
}

#[test]
fn a_large_file_with_a_mistake_at_its_beginning_is_refused_with_its_line() {
    let server = Program::serve(&[]);
    // Random enough that gzip leaves megabytes, so the answer comes while they are being sent.
    let csv = large_csv(32 << 20).replacen("id,code\n", "id,code\n1\n", 1);
    let folder = folder(&[("large.csv", csv.as_bytes())]);
    let (_, complaints) = badly(push(folder.path(), server.address, &["large.csv"]), 1);
    assert!(
        complaints.starts_with("flash: large.csv: line 2, column 2: "),
        "{complaints}"
    );
}

#[test]
fn a_name_that_is_taken_is_refused_and_replace_and_append_use_it() {
    let server = Program::serve(&[]);
    let folder = folder(&[("people.csv", b"id\n1\n"), ("more.csv", b"id\n2\n")]);
    let push = |arguments: &[&str]| push(folder.path(), server.address, arguments);
    well(push(&["people.csv"]));
    let (_, complaints) = badly(push(&["people.csv"]), 1);
    assert!(complaints.contains("people exists already"), "{complaints}");
    assert!(complaints.contains("add --replace"), "{complaints}");
    let said = well(push(&["people.csv", "--replace"]));
    assert_eq!(
        said,
        "people.csv: people, 1 row, 1 column, 5 bytes, revision 2\n"
    );
    let said = well(push(&[
        "more.csv",
        "people.csv",
        "--append",
        "--name",
        "people",
    ]));
    assert_eq!(
        said,
        "more.csv: people, 2 rows, 1 column, 7 bytes, revision 3\n\
         people.csv: people, 3 rows, 1 column, 9 bytes, revision 4\n"
    );
    assert_eq!(source(&server, "people"), "id\n1\n2\n1\n");
    let (_, complaints) = badly(push(&["more.csv", "--append", "--replace"]), 2);
    assert!(complaints.contains("can't be used with"), "{complaints}");
}

#[test]
fn options_about_the_form_of_a_file_are_sent_as_parameters() {
    let server = Program::serve(&[]);
    let folder = folder(&[("prices.csv", b"1;1.234,50\n2;-\n")]);
    let arguments = [
        "prices.csv",
        "--header-absent",
        "--delimiter",
        ";",
        "--decimal",
        ",",
        "--thousands",
        ".",
        "--null",
        "-",
        "--type",
        "column_1=string",
        "--charset",
        "windows-1252",
    ];
    well(push(folder.path(), server.address, &arguments));
    let rows = server
        .call("GET", "/datasets/prices/rows")
        .v2()
        .send()
        .ok()
        .text();
    let data = r#""data":[{"column_1":"1","column_2":1234.50},{"column_1":"2","column_2":null}]"#;
    assert!(rows.contains(data), "{rows}");
}

#[test]
fn a_file_that_is_compressed_is_sent_as_it_is() {
    let server = Program::serve(&[]);
    let packed = zstd::encode_all(&b"id\tname\n1\tAda\n"[..], 3).unwrap();
    let folder = folder(&[("people.tsv.zst", &packed)]);
    let said = well(push(folder.path(), server.address, &["people.tsv.zst"]));
    assert_eq!(
        said,
        "people.tsv.zst: people, 1 row, 2 columns, 14 bytes, revision 1\n"
    );
}

#[test]
fn a_file_is_sent_again_after_the_connection_was_cut_midway() {
    let server = Program::serve(&[]);
    let large = large_csv(2 << 20);
    let folder = folder(&[("large.csv", large.as_bytes())]);
    let way = way_to(server.address, &[Way::Cut(100), Way::Cut(300_000)]);
    let output = push(folder.path(), way, &["large.csv"]);
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaints}");
    assert_eq!(
        complaints
            .matches("large.csv: the connection broke")
            .count(),
        2,
        "{complaints}"
    );
    assert!(source(&server, "large") == large);
}

#[test]
fn rows_are_appended_once_if_the_answer_was_lost() {
    let server = Program::serve(&[]);
    let folder = folder(&[("people.csv", b"id\n1\n")]);
    well(push(folder.path(), server.address, &["people.csv"]));
    let way = way_to(server.address, &[Way::LoseAnswer]);
    let output = push(folder.path(), way, &["people.csv", "--append"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        said,
        "people.csv: people, 2 rows, 1 column, 7 bytes, revision 2\n"
    );
    assert_eq!(source(&server, "people"), "id\n1\n1\n");
}

#[test]
fn a_busy_server_is_asked_again_when_it_says_so() {
    let server = Program::serve(&[]);
    let folder = folder(&[("people.csv", b"id\n1\n")]);
    let way = way_to(server.address, &[Way::Answer(BUSY)]);
    let output = push(folder.path(), way, &["people.csv"]);
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaints}");
    let line = "people.csv: the server answered 503 Service Unavailable; attempt 2 of 6 is in 1s\n";
    assert_eq!(complaints, format!("flash: {line}"));
}

#[test]
fn retries_end_and_so_does_the_push() {
    let server = Program::serve(&[]);
    let folder = folder(&[("people.csv", b"id\n1\n"), ("team.csv", b"id\n1\n")]);
    let files = ["people.csv", "team.csv", "--retries", "1"];
    let way = way_to(server.address, &[Way::Cut(1), Way::Cut(1)]);
    let (said, complaints) = badly(push(folder.path(), way, &files), 1);
    assert_eq!(said, "");
    assert!(
        complaints.contains("flash: gave up on people.csv after 2 attempts: "),
        "{complaints}"
    );
    let far = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 86400\r\nContent-Length: 0\r\n\r\n";
    let far: &'static [Way] = Box::leak(Box::new([Way::Answer(far)]));
    let way = way_to(server.address, far);
    let (_, complaints) = badly(push(folder.path(), way, &["people.csv"]), 1);
    assert!(complaints.contains("after 1 attempt: "), "{complaints}");
    assert!(complaints.contains("asks to wait for 1day"), "{complaints}");
}

#[test]
fn a_server_that_is_not_there_is_told_and_one_that_is_not_flash_too() {
    let folder = folder(&[("people.csv", b"id\n1\n")]);
    let nobody: SocketAddr = ([127, 0, 0, 1], 1).into();
    let output = push(folder.path(), nobody, &["people.csv", "--retries", "0"]);
    let (_, complaints) = badly(output, 1);
    assert!(
        complaints.contains("can't connect to 127.0.0.1:1: "),
        "{complaints}"
    );
    let page = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>";
    let page: &'static [Way] = Box::leak(Box::new([Way::Answer(page)]));
    let (_, complaints) = badly(
        push(folder.path(), way_to(nobody, page), &["people.csv"]),
        1,
    );
    assert!(complaints.contains("not as Flash does"), "{complaints}");
}

#[test]
fn a_key_is_taken_from_the_command_line_or_the_environment() {
    let server = Program::serve(&["--anonymous", "read"]);
    let (_, key) = server.run(&["clients", "add", "shop"]);
    let key = key.trim();
    let folder = folder(&[("people.csv", b"id\n1\n")]);
    let (_, complaints) = badly(push(folder.path(), server.address, &["people.csv"]), 1);
    assert!(complaints.contains("key"), "{complaints}");
    well(push(
        folder.path(),
        server.address,
        &["people.csv", "--key", key],
    ));
    let mut command = Command::new(env!("CARGO_BIN_EXE_flash"));
    let command = command.env_clear().env("FLASH_KEY", key);
    let arguments = ["people.csv", "--replace"];
    well(
        push_by(command, folder.path(), server.address, &arguments)
            .output()
            .unwrap(),
    );
    let (_, complaints) = badly(
        push(
            folder.path(),
            server.address,
            &["people.csv", "--key", "a\u{7f}b"],
        ),
        2,
    );
    assert!(
        complaints.contains("--key") && !complaints.contains('\u{7f}'),
        "{complaints}"
    );
}

#[test]
fn standard_input_is_sent_under_a_name_and_once() {
    let server = Program::serve(&[]);
    let folder = folder(&[]);
    let push_input = |to: SocketAddr| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_flash"));
        let arguments = ["-", "--name", "people"];
        let command = push_by(command.env_clear(), folder.path(), to, &arguments);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut pipe = child.stdin.take().unwrap();
        pipe.write_all(b"id\n1\n").unwrap();
        drop(pipe);
        child.wait_with_output().unwrap()
    };
    let way = way_to(server.address, &[Way::Cut(100)]);
    let (_, complaints) = badly(push_input(way), 1);
    assert!(
        complaints.contains("it can't be read again"),
        "{complaints}"
    );
    assert_eq!(
        well(push_input(way)),
        "standard input: people, 1 row, 1 column, 5 bytes, revision 1\n"
    );
    let (_, complaints) = badly(push(folder.path(), server.address, &["-"]), 2);
    assert!(complaints.contains("--name NAME"), "{complaints}");
}

#[test]
fn a_server_behind_tls_is_trusted_if_its_certificate_is() {
    let server = Program::serve(&[]);
    let folder = folder(&[("people.csv", b"id\n1\n")]);
    let certificate = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
        ])
        .args([
            "-keyout",
            "key.pem",
            "-out",
            "certificate.pem",
            "-subj",
            "/CN=localhost",
        ])
        .args(["-addext", "subjectAltName=DNS:localhost"])
        .current_dir(folder.path())
        .output();
    assert!(certificate.unwrap().status.success());
    let (certificate, key) = (
        folder.path().join("certificate.pem"),
        folder.path().join("key.pem"),
    );
    let port = secure_way_to(server.address, &certificate, &key).port();
    let push = |host: &str, trusted: &Path| {
        Command::new(env!("CARGO_BIN_EXE_flash"))
            .args([
                "push",
                "people.csv",
                "--to",
                &format!("https://{host}:{port}"),
            ])
            .current_dir(folder.path())
            .env_clear()
            .env("SSL_CERT_FILE", trusted)
            .output()
            .unwrap()
    };
    let system = Path::new("/etc/ssl/certs/ca-certificates.crt");
    for (host, trusted) in [("localhost", system), ("127.0.0.1", &*certificate)] {
        let (_, complaints) = badly(push(host, trusted), 1);
        assert!(
            complaints.contains("after 1 attempt: there is no secure connection to"),
            "{complaints}"
        );
        assert!(
            complaints.contains("certificate verify failed"),
            "{complaints}"
        );
    }
    let said = well(push("localhost", &certificate));
    assert_eq!(
        said,
        "people.csv: people, 1 row, 1 column, 5 bytes, revision 1\n"
    );
}
