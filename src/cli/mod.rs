//! The command line: runs a command, and reports why it failed. Each command has its own file.

mod backup;
mod check;
mod clients;
mod completions;
mod copy;
mod datasets;
mod draft;
mod export;
mod files;
mod form;
mod healthcheck;
mod import;
mod json;
mod list;
mod migrate;
mod place;
mod progress;
mod push;
mod refusal;
mod serve;
mod versions;
mod writes;

use std::fmt::{self, Display};
use std::{ffi::OsString, io::Write as _, path::PathBuf, process::ExitCode};

use clap::builder::Styles;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};
use jiff::Timestamp;

use crate::settings::{AdminAddress, CopySettings, DatabaseSettings, ServeSettings, SettingsError};
use crate::store::{OpenError, StoreError, UpkeepError};
use crate::versioning::{self, Catalogue, VersionNumber};

/// Turns a CSV into a versioned HTTP API in one POST.
#[derive(Debug, Parser)]
#[command(name = "flash", version = env!("FLASH_VERSION"), max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

/// The commands of `flash`.
#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API until SIGTERM or Ctrl-C; each setting is a flag or an environment variable
    #[command(
        after_help = "Sizes are bytes or have a unit (64MiB, 1GiB). Times have a unit (500ms, 10s, 2m).\n\
        A flag about versions may be repeated, or have several values with commas: v1=2027-01-01,v2=2028-01-01.\n\
        A flag overrides its environment variable."
    )]
    Serve(Box<ServeSettings>),
    /// Bring the schema of a database up to date, for example for servers that run with --migrate off
    Migrate(DatabaseSettings),
    /// Load CSV files into a store, without a server. Each file becomes a dataset
    #[command(
        after_help = "Stop the server of a SQLite store first. Each file is committed by itself: if one is wrong, the command reports it and \
        imports the others. The limits are the defaults of `flash serve`."
    )]
    Import(Box<import::ImportSettings>),
    /// Send CSV files to a running server. Each file becomes a dataset
    #[command(
        after_help = "The files are compressed with gzip on their way. If the connection breaks or the server is busy, the command sends the file \
        again; an Idempotency-Key makes sure that it is stored only once. If a file is refused, the command reports it and sends the others."
    )]
    Push(Box<push::PushSettings>),
    /// List the datasets of a store. Works while a server runs
    List(list::ListSettings),
    /// Show a dataset of a store: its schema and its readers. Works while servers run
    Datasets(datasets::Datasets),
    /// Write datasets to CSV files as they were uploaded. Works while a server runs
    Export(export::ExportSettings),
    /// Copy a whole store into another database, for example from SQLite to PostgreSQL
    #[command(
        after_help = "A server may run on the source; writes during the copy are not copied. No server may run on the target. Run the same \
        command again to resume an interrupted copy."
    )]
    Copy(CopySettings),
    /// Write a consistent copy of a SQLite store to a new file. Works while a server runs
    Backup(backup::BackupSettings),
    /// Turn writes off and on for all servers of a store, while they run and reads go on
    Writes(writes::Writes),
    /// Read a whole store and report what is damaged. Works while a server runs
    #[command(after_help = "Exits with 0 if nothing is damaged, else with 1.")]
    Check(check::CheckSettings),
    /// Register clients, rotate their keys and move their pins. Works while servers run
    Clients(clients::Clients),
    /// List the versions of the API, their dates and their users; check whether one can be retired
    Versions(versions::Versions),
    /// Check whether a running server is ready, for container health checks. Exits with 0 if it is, else with 1
    Healthcheck(AdminAddress),
    /// Print the completions of a shell
    #[command(
        after_help = "For bash, write them to ~/.local/share/bash-completion/completions/flash. For zsh, write them to a file _flash in a folder \
        of $fpath. For fish, write them to ~/.config/fish/completions/flash.fish."
    )]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write that of each command into a folder
    Man {
        /// The folder for flash.1, flash-serve.1 and so on; it is created if it doesn't exist
        #[arg(long, value_name = "DIRECTORY")]
        directory: Option<PathBuf>,
    },
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The command line or the environment is wrong; the text says what to write instead.
    #[error("{0}")]
    Usage(String),
    /// The settings contradict each other.
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
    /// Something could not be pushed.
    #[error(transparent)]
    Push(#[from] push::PushError),
    /// A store is damaged.
    #[error("{0} is damaged: restore a backup, or replace or delete the datasets in the output")]
    Problems(String),
    /// A version that is to be retired is in use.
    #[error(
        "{version} is still in use by {}, which standard output lists: move them, or give a client more time (flash clients extend NAME {version}=DATE)", counted(*callers, "caller")
    )]
    StillUsed {
        /// The version.
        version: VersionNumber,
        /// The number of its users.
        callers: usize,
    },
    /// A transaction of before has not ended.
    #[error(
        "writes are off, but a transaction that began before has run for more than a minute: run the command again before you rely on it"
    )]
    StillWriting,
    /// A client that is to be removed was used lately.
    #[error("{client} sent {} in the last {days} days, the last at {last_at}: add --yes to remove it all the same", counted(*requests, "request"))]
    InUse {
        /// The client.
        client: String,
        /// Its requests.
        requests: u64,
        /// The days that were looked at.
        days: i64,
        /// The last request.
        last_at: Timestamp,
    },
    /// A client that is to be removed owns datasets.
    #[error(
        "{client} owns {} ({names}), which nobody else could change: delete them with its key first, or disable the client instead \
         (flash clients disable {client})", counted(*datasets as u64, "dataset")
    )]
    Owner {
        /// The client.
        client: String,
        /// How many.
        datasets: usize,
        /// The names of some.
        names: String,
    },
    /// A file could not be written.
    #[error("can't write {file}: {reason}", file = file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// The error of the system, or what to do.
        reason: String,
    },
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The server is not ready.
    #[error(transparent)]
    NotReady(#[from] healthcheck::NotReady),
}

impl Failure {
    /// 2 if the command line or a setting is wrong, else 1.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) | Self::Settings(_) | Self::Serve(serve::ServeError::Settings(_)) => {
                ExitCode::from(2)
            }
            Self::Serve(_)
            | Self::Open(_)
            | Self::Upkeep(_)
            | Self::Import(_)
            | Self::Push(_)
            | Self::Problems(_)
            | Self::File { .. }
            | Self::StillUsed { .. }
            | Self::StillWriting
            | Self::InUse { .. }
            | Self::Owner { .. }
            | Self::Store(_)
            | Self::NotReady(_) => ExitCode::FAILURE,
        }
    }
}

/// Runs the command in `arguments` (the program's name first), with settings from the environment.
///
/// Without a command, it prints the help to standard output, like `--help`. So does a command that lacks its own command.
///
/// # Errors
///
/// Why the command failed, see [`Failure`].
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Result<(), Failure> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        // clap returns help and version as errors. A closed standard output is fine.
        Err(answer) if !answer.use_stderr() => return answer.print().or(Ok(())),
        // The name of a command that has commands of its own, alone.
        Err(help) if help.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let help = help.render();
            return write!(anstream::stdout(), "{}", help.ansi()).or(Ok(()));
        }
        Err(error) => {
            let mut command = Cli::command();
            command.build();
            let line = refusal::one_line(&error, &command, &arguments);
            return Err(Failure::Usage(line));
        }
    };
    match cli.command {
        Some(Command::Serve(settings)) => Ok(serve::run(&settings.check()?)?),
        Some(Command::Healthcheck(address)) => Ok(healthcheck::run(address.admin_listen)?),
        Some(Command::Clients(clients)) => clients::run(&clients),
        Some(Command::Datasets(datasets)) => datasets::run(&datasets),
        Some(Command::Versions(versions)) => versions::run(&versions),
        Some(Command::Migrate(database)) => migrate::run(&database),
        Some(Command::Import(settings)) => import::run(&settings),
        Some(Command::Push(settings)) => push::run(&settings),
        Some(Command::List(settings)) => list::run(&settings),
        Some(Command::Completions { shell }) => {
            completions::print(shell, Cli::command());
            Ok(())
        }
        Some(Command::Man { directory }) => completions::man(Cli::command(), directory.as_deref()),
        Some(Command::Export(settings)) => export::run(&settings),
        Some(Command::Copy(settings)) => copy::run(&settings),
        Some(Command::Backup(settings)) => backup::run(&settings),
        Some(Command::Writes(writes)) => writes::run(&writes),
        Some(Command::Check(settings)) => check::run(&settings),
        None => Cli::command().print_help().or(Ok(())),
    }
}

/// The error about a version that doesn't exist.
fn no_version(version: VersionNumber, catalogue: &Catalogue) -> Failure {
    let known = versioning::names(catalogue);
    Failure::Usage(format!(
        "there is no version {version}: the versions are {known}"
    ))
}

/// A number with its noun, in the singular or the plural: `1 row`, `2 rows`.
fn counted<N: Copy + Display + PartialEq + From<u8>>(number: N, noun: &str) -> String {
    let s = if number == N::from(1) { "" } else { "s" };
    format!("{number} {noun}{s}")
}

/// Writes a line of a command's result to standard output. A closed one is fine.
fn say(line: &str) {
    drop(writeln!(std::io::stdout(), "{line}"));
}

/// Writes a line about something that failed to standard error, in colour if that is a terminal and `NO_COLOR` is not set.
pub fn complain(line: &str) {
    let styles = Styles::styled();
    let error = styles.get_error();
    drop(writeln!(
        anstream::stderr(),
        "{error}flash:{error:#} {line}"
    ));
}

/// What a store has of a file, for a line of a command's result.
struct Stored<'a> {
    name: &'a str,
    /// Rows of the whole dataset.
    rows: u64,
    columns: usize,
    /// Bytes of the source.
    bytes: u64,
    revision: i64,
}

impl Display for Stored<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, {}, {}, {}, revision {}",
            self.name,
            counted(self.rows, "row"),
            counted(self.columns, "column"),
            counted(self.bytes, "byte"),
            self.revision
        )
    }
}
