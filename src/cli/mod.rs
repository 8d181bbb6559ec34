//! The command line: which command runs, and what its caller sees when it cannot. A file a command.

mod backup;
mod check;
mod clients;
mod copy;
mod draft;
mod export;
mod healthcheck;
mod import;
mod migrate;
mod progress;
mod refusal;
mod serve;
mod versions;

use std::{ffi::OsString, io::Write as _, path::PathBuf, process::ExitCode};

use clap::{CommandFactory, Parser, Subcommand};

use crate::settings::{AdminAddress, CopySettings, DatabaseSettings, ServeSettings, SettingsError};
use crate::store::{OpenError, StoreError, UpkeepError};
use crate::versioning::VersionNumber;

/// Turns a CSV into a versioned HTTP API in one POST.
#[derive(Debug, Parser)]
#[command(name = "flash", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

/// What `flash` can do.
#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API until SIGTERM or Ctrl-C; each setting is a flag or an environment variable
    #[command(
        after_help = "Sizes are bytes or have a unit (64MiB, 1GiB); times have a unit (500ms, 10s, 2m).\n\
        A flag about versions may be repeated, or hold several with commas: v1=2027-01-01,v2=2028-01-01.\n\
        A flag wins over its environment variable."
    )]
    Serve(Box<ServeSettings>),
    /// Bring the schema of a database up to date, for example before servers that run with --migrate off
    Migrate(DatabaseSettings),
    /// Load CSV files straight into a store, a dataset each
    #[command(
        after_help = "A SQLite store must not be served meanwhile. Each file is committed by itself; a wrong one is told, and the \
        others are imported. Limits are those that `flash serve` has by default."
    )]
    Import(Box<import::ImportSettings>),
    /// Write the CSV files of datasets as they were uploaded, also beside a running server
    Export(export::ExportSettings),
    /// Copy a whole store into another database, for example from SQLite to PostgreSQL
    #[command(
        after_help = "The store that is copied may be served; what is written to it meanwhile is not copied. No server may be \
        running on the other one. A copy that was interrupted goes on when the same command is run again."
    )]
    Copy(CopySettings),
    /// Write a consistent copy of a SQLite store to a new file, also beside a running server
    Backup(backup::BackupSettings),
    /// Read everything that a store holds and say what is damaged, also beside a running server
    #[command(after_help = "Exits 0 when all is well, 1 when something is damaged.")]
    Check(DatabaseSettings),
    /// Register clients, rotate their keys, move their pins; works beside running servers
    Clients(clients::Clients),
    /// List the versions of the API with their dates, and who uses them; check whether one can be retired
    Versions(versions::Versions),
    /// Ask a running server whether it is ready: exits 0 when it is, else 1 (for container health checks)
    Healthcheck(AdminAddress),
}

/// Why a command ended before its work was done.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The command line or the environment is wrong; the text says what to write instead.
    #[error("{0}")]
    Usage(String),
    /// The settings do not hold together.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The server could not start or was stopped at once.
    #[error(transparent)]
    Serve(#[from] serve::ServeError),
    /// The store could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A store could not be checked, copied, exported or backed up.
    #[error(transparent)]
    Upkeep(#[from] UpkeepError),
    /// Something could not be imported.
    #[error(transparent)]
    Import(#[from] import::ImportError),
    /// A store is damaged.
    #[error(
        "{0} is damaged: put back a backup, or replace or delete the datasets that are named above"
    )]
    Problems(String),
    /// A version that is to be retired is in use.
    #[error(
        "{version} is still used, by the {callers} above: move them, or grant a client more time (flash clients extend NAME {version}=DATE)"
    )]
    StillUsed {
        /// The version.
        version: VersionNumber,
        /// How many use it.
        callers: usize,
    },
    /// A file could not be written.
    #[error("can't write {file}: {reason}", file = file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the system said, or what to do.
        reason: String,
    },
    /// The store did not do what it was asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The server is not ready.
    #[error(transparent)]
    NotReady(#[from] healthcheck::NotReady),
}

impl Failure {
    /// 2 for what has to be written differently, 1 for everything else.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) | Self::Settings(_) | Self::Serve(serve::ServeError::Settings(_)) => {
                ExitCode::from(2)
            }
            Self::Serve(_)
            | Self::Open(_)
            | Self::Upkeep(_)
            | Self::Import(_)
            | Self::Problems(_)
            | Self::File { .. }
            | Self::StillUsed { .. }
            | Self::Store(_)
            | Self::NotReady(_) => ExitCode::FAILURE,
        }
    }
}

/// Runs the command that `arguments` (the program's name first) and the environment ask for.
///
/// Without a command the help goes to standard output, as with `--help`.
///
/// # Errors
///
/// Why the command could not run or did not end well, see [`Failure`].
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Result<(), Failure> {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        // Help and version are errors to clap; a closed standard output is nothing to complain about.
        Err(answer) if !answer.use_stderr() => return answer.print().or(Ok(())),
        Err(error) => return Err(Failure::Usage(refusal::one_line(&error, &Cli::command()))),
    };
    match cli.command {
        Some(Command::Serve(settings)) => Ok(serve::run(&settings.check()?)?),
        Some(Command::Healthcheck(address)) => Ok(healthcheck::run(address.admin_listen)?),
        Some(Command::Clients(clients)) => clients::run(&clients),
        Some(Command::Versions(versions)) => versions::run(&versions),
        Some(Command::Migrate(database)) => migrate::run(&database),
        Some(Command::Import(settings)) => import::run(&settings),
        Some(Command::Export(settings)) => export::run(&settings),
        Some(Command::Copy(settings)) => copy::run(&settings),
        Some(Command::Backup(settings)) => backup::run(&settings),
        Some(Command::Check(database)) => check::run(&database),
        None => Cli::command().print_help().or(Ok(())),
    }
}

/// Writes a line of a command's result to standard output; nobody minds when that is closed.
fn say(line: &str) {
    drop(writeln!(std::io::stdout(), "{line}"));
}

/// Writes a line about what went wrong with a part of the work to standard error.
fn complain(line: &str) {
    drop(writeln!(std::io::stderr(), "flash: {line}"));
}
