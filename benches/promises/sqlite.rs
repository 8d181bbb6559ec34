//! SQLite as a baseline: `.import` by its command `sqlite3`, and questions in this very process.

use std::path::Path;
use std::process::Command;

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};

use super::questions::Columns;
use super::turns::timed;

/// What is said where it is so.
pub const LACKING: &str = "the command `sqlite3` is not installed";

/// Imports the CSV into a new file; the milliseconds that it took, unless the command is lacking.
pub fn import(folder: &Path, csv: &Path) -> Option<f64> {
    let database = folder.join("import.db");
    let (took, imported) = timed(|| {
        run(
            &database,
            &format!(".import --csv {} flights", csv.display()),
        )
    });
    imported?;
    std::fs::remove_file(database).expect("the database was made");
    Some(took)
}

/// The CSV in a table with typed columns, `NA` as null and no index; `None` where the command is lacking.
pub fn typed(folder: &Path, csv: &Path, columns: &Columns) -> Option<SqliteConnection> {
    let database = folder.join("typed.db");
    let path = database.to_str().expect("UTF-8");
    let mut connection = SqliteConnection::establish(path).expect("SQLite opens");
    connection
        .batch_execute(&columns.create())
        .expect("the table is made");
    let import = format!(".import --csv --skip 1 {} flights", csv.display());
    run(&database, &import)?;
    for name in columns.names() {
        let nulls = format!("UPDATE flights SET \"{name}\" = NULL WHERE \"{name}\" = 'NA'");
        connection.batch_execute(&nulls).expect("nulls are set");
    }
    Some(connection)
}

fn run(database: &Path, command: &str) -> Option<()> {
    let status = Command::new("sqlite3").arg(database).arg(command).status();
    let status = status.ok()?;
    assert!(status.success(), "{command}");
    Some(())
}
