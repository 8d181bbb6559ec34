//! DuckDB as a baseline, as it comes from PyPI: a process of its own, which keeps a database in a file and answers SQL.
//!
//! It is installed into a virtual environment in the target folder when it is first needed. Its times are taken in its own process,
//! so neither the start of Python nor the pipe is in them; rows are fetched to the last.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::questions::{Columns, Found};

const PACKAGE: &str = "duckdb==2.0.1";
const SCRIPT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/benches/promises/ask_duckdb.py"
);

/// A running DuckDB. It ends when its standard input does.
pub struct DuckDb {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl DuckDb {
    /// One with a new database in that file; or why it is not to be had.
    pub fn start(database: &Path) -> Result<Self, String> {
        let mut child = Command::new(python()?)
            .arg(SCRIPT)
            .arg(database)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("DuckDB does not start: {error}"))?;
        Ok(Self {
            questions: child.stdin.take(),
            answers: BufReader::new(child.stdout.take().expect("it is piped")),
            child,
        })
    }

    /// What a statement finds.
    pub fn ask(&mut self, sql: &str) -> Found {
        let questions = self.questions.as_mut().expect("it is piped");
        writeln!(questions, "{sql}").expect("DuckDB takes it");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect("DuckDB answers");
        let answer = answer.trim().split_once(' ');
        let (micros, objects) = answer.unwrap_or_else(|| panic!("DuckDB can't answer {sql}"));
        let micros: f64 = micros.parse().expect("a time");
        Found {
            took: micros / 1e3,
            objects: objects.parse().expect("a number"),
        }
    }

    /// Loads the CSV into a new table, with the types that DuckDB finds; the milliseconds that it took.
    pub fn load(&mut self, csv: &Path) -> f64 {
        let csv = csv.display();
        let loaded = self.ask(&format!(
            "CREATE TABLE loaded AS SELECT * FROM read_csv('{csv}', header = true, nullstr = 'NA')"
        ));
        self.ask("DROP TABLE loaded");
        loaded.took
    }

    /// Makes the table that questions are about: with these columns, and `NA` as null.
    pub fn fill(&mut self, columns: &Columns, csv: &Path) {
        self.ask(&columns.create());
        let csv = csv.display();
        self.ask(&format!("COPY flights FROM '{csv}' (HEADER, NULLSTR 'NA')"));
        self.ask("CHECKPOINT");
    }
}

impl Drop for DuckDb {
    fn drop(&mut self) {
        self.questions = None;
        self.child.wait().expect("it ends");
    }
}

/// A Python that has DuckDB, which is installed if need be.
fn python() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(PACKAGE.replace("==", "-"));
    let python = folder.join("bin/python");
    if run(&python, &["-c", "import duckdb"]).is_err() {
        let folder = folder.to_str().expect("UTF-8");
        run(Path::new("python3"), &["-m", "venv", "--clear", folder])?;
        run(&python, &["-m", "pip", "install", "--quiet", PACKAGE])?;
    }
    Ok(python)
}

fn run(program: &Path, arguments: &[&str]) -> Result<(), String> {
    let status = Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        _ => Err(format!(
            "DuckDB is not to be had: `{} {}` failed",
            program.file_name().unwrap_or_default().display(),
            arguments[..2].join(" ")
        )),
    }
}
