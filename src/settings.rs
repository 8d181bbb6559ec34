//! Every setting once: its flag, its environment variable, its default, its meaning and its check.
//!
//! [`ServeSettings`] is what was written (on the command line, in the environment, or nowhere);
//! [`ServeSettings::check`] turns it into [`Settings`], which are consistent and which every other module may trust.
//! Only the catalogue can check the lifecycles of versions: [`LifecycleSettings::apply`] does.
//! A wrong setting is refused with one line that says what to write instead.

mod lifecycle;
mod memory;
mod parse;
mod stores;
mod values;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{Args, FromArgMatches};

pub use lifecycle::{LifecycleError, LifecycleSettings, Several};
pub use memory::{MemoryBudget, MemorySettings};
pub use stores::{CopySettings, DatabaseSettings};
pub use values::{Anonymous, CountUsage, Database, LogFormat, LogLevel, MigrateMode, PostgresUrl};

/// The settings of `flash serve` as they were written; defaults where nothing was.
#[derive(Args, Clone, Debug)]
pub struct ServeSettings {
    /// Where the API is served.
    #[command(flatten)]
    pub public: PublicAddress,
    /// Where probes are served.
    #[command(flatten)]
    pub admin: AdminAddress,
    /// Where things rest.
    #[command(flatten)]
    pub database: DatabaseSettings,
    /// How things rest.
    #[command(flatten)]
    pub store: StoreSettings,
    /// How much memory is held for clients.
    #[command(flatten)]
    pub memory: MemorySettings,
    /// What callers without a key may do.
    #[command(flatten)]
    pub access: AccessSettings,
    /// The lifecycles of versions, as flags set them.
    #[command(flatten)]
    pub lifecycle: LifecycleSettings,
    /// How much is accepted.
    #[command(flatten)]
    pub limits: LimitSettings,
    /// How long is waited.
    #[command(flatten)]
    pub timeouts: TimeoutSettings,
    /// What is told.
    #[command(flatten)]
    pub logs: LogSettings,
}

/// Settings that were checked: each makes sense by itself and beside the others.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the API is served.
    pub listen: SocketAddr,
    /// Where probes are served.
    pub admin_listen: SocketAddr,
    /// Where things rest.
    pub database: Database,
    /// How things rest.
    pub store: StoreSettings,
    /// How much memory is held for clients.
    pub memory: MemoryBudget,
    /// What callers without a key may do.
    pub anonymous: Anonymous,
    /// Names that a loopback listener answers to beside the machine's own.
    pub hosts: Vec<String>,
    /// Origins of web pages that may write.
    pub allowed_origins: Vec<String>,
    /// Whether requests are counted by who sends them.
    pub count_usage: CountUsage,
    /// The lifecycles of versions. Apply them to the catalogue, which checks them.
    pub lifecycle: LifecycleSettings,
    /// How much is accepted.
    pub limits: LimitSettings,
    /// How long is waited.
    pub timeouts: TimeoutSettings,
    /// What is told.
    pub logs: LogSettings,
}

/// Where the API is served.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Addresses")]
pub struct PublicAddress {
    /// Address and port the API is served on; 0.0.0.0:3000 makes it reachable from other machines
    #[arg(long, env = "FLASH_LISTEN", value_name = "ADDRESS:PORT", default_value = "127.0.0.1:3000", value_parser = parse::address)]
    pub listen: SocketAddr,
}

/// Where probes are served.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Addresses")]
pub struct AdminAddress {
    /// Address and port of /livez, /readyz and /metrics, kept apart from the API so that it can stay internal
    #[arg(long, env = "FLASH_ADMIN_LISTEN", value_name = "ADDRESS:PORT", default_value = "127.0.0.1:3001", value_parser = parse::address)]
    pub admin_listen: SocketAddr,
}

/// How things rest, and how much of the machine that may use.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Store")]
pub struct StoreSettings {
    /// What to do when the database lacks steps of the schema
    #[arg(
        long,
        env = "FLASH_MIGRATE",
        value_name = "WHEN",
        default_value = "auto"
    )]
    pub migrate: MigrateMode,
    /// SQLite: connections that read, that is how many queries run at once
    #[arg(long, env = "FLASH_STORE_READERS", value_name = "COUNT", default_value = "4", allow_negative_numbers = true, value_parser = parse::count)]
    pub store_readers: usize,
    /// PostgreSQL: connections, that is how many reads and writes run at once
    #[arg(long, env = "FLASH_STORE_CONNECTIONS", value_name = "COUNT", default_value = "16", allow_negative_numbers = true, value_parser = parse::count)]
    pub store_connections: usize,
    /// SQLite: writes that one transaction may commit; 1 gives each its own
    #[arg(long, env = "FLASH_COMMIT_BATCH", value_name = "COUNT", default_value = "256", value_parser = parse::count)]
    pub commit_batch: usize,
    /// Revisions of a dataset that are kept, the newest included; older ones are removed
    #[arg(long, env = "FLASH_KEEP_REVISIONS", value_name = "COUNT", default_value = "10", value_parser = parse::count)]
    pub keep_revisions: usize,
    /// How finely texts are divided. No flag sets it.
    #[arg(skip)]
    pub blocks: BlockSizes,
}

/// How finely texts and what is known of them are divided. Tests make the sizes small, so that a CSV of a few kilobytes has
/// many blocks on several index pages; stores that were written with other sizes are read all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockSizes {
    /// Bytes of text after which a block ends at the next end of a record.
    pub block_bytes: usize,
    /// Bytes of text whose blocks are looked up and remembered together, about.
    pub page_bytes: u64,
}

impl Default for BlockSizes {
    fn default() -> Self {
        Self {
            block_bytes: 64 << 10,
            page_bytes: 16 << 20,
        }
    }
}

impl BlockSizes {
    /// Blocks that are looked up together, about.
    pub fn blocks_a_page(&self) -> u64 {
        self.page_bytes / u64::try_from(self.block_bytes.max(1)).unwrap_or(u64::MAX)
    }
}

/// What callers without a key may do, as written.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Access")]
pub struct AccessSettings {
    /// What callers without a key may do [default: read-write when --listen is a loopback address; anywhere else there
    /// is none, the choice is yours]
    #[arg(long, env = "FLASH_ANONYMOUS", value_name = "ACCESS")]
    pub anonymous: Option<Anonymous>,
    /// A name under which a listener on a loopback address is called, beside localhost and 127.0.0.1; several with commas,
    /// or the flag once more
    #[arg(long = "host", env = "FLASH_HOST", value_name = "NAME", value_delimiter = ',', value_parser = parse::host)]
    pub hosts: Vec<String>,
    /// The origin of web pages of other sites that may write, as browsers send it in the header Origin; several with commas,
    /// or the flag once more
    #[arg(long = "allow-origin", env = "FLASH_ALLOW_ORIGIN", value_name = "ORIGIN", value_delimiter = ',', value_parser = parse::origin)]
    pub allowed_origins: Vec<String>,
    /// Whether requests are counted by who sends them
    #[arg(
        long,
        env = "FLASH_COUNT_USAGE",
        value_name = "WHETHER",
        default_value = "on"
    )]
    pub count_usage: CountUsage,
}

/// How much is accepted; sizes are bytes.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Limits")]
pub struct LimitSettings {
    /// Largest request body, after decompression, as bytes or with a unit
    #[arg(long, env = "FLASH_MAX_BODY", value_name = "SIZE", default_value = "1GiB", value_parser = parse::size)]
    pub max_body: u64,
    /// Largest request body in JSON, which is held in memory as a whole
    #[arg(long, env = "FLASH_MAX_JSON_BODY", value_name = "SIZE", default_value = "16MiB", value_parser = parse::size)]
    pub max_json_body: u64,
    /// Most columns of a CSV
    #[arg(long, env = "FLASH_MAX_COLUMNS", value_name = "COUNT", default_value = "4096", allow_negative_numbers = true, value_parser = parse::count)]
    pub max_columns: usize,
    /// Largest header line of a CSV
    #[arg(long, env = "FLASH_MAX_HEADER", value_name = "SIZE", default_value = "1MiB", value_parser = parse::size)]
    pub max_header: u64,
    /// Largest record (row) of a CSV
    #[arg(long, env = "FLASH_MAX_RECORD", value_name = "SIZE", default_value = "8MiB", value_parser = parse::size)]
    pub max_record: u64,
    /// Most connections at once; further ones wait until one ends. One address can have seven eighths of them, and the rest
    /// is for others; fewer where the system lets the process open fewer files
    #[arg(long, env = "FLASH_MAX_CONNECTIONS", value_name = "COUNT", default_value = "1024", allow_negative_numbers = true, value_parser = parse::count)]
    pub max_connections: usize,
    /// Most uploads received at once, fewer where --memory has no room for so many (4 MiB each); further ones wait until one
    /// ends or a slow one makes way, for --queue-timeout at most.
    /// One client, or one address without a key, can have seven eighths of them
    #[arg(long, env = "FLASH_MAX_UPLOADS", value_name = "COUNT", default_value = "16", allow_negative_numbers = true, value_parser = parse::count)]
    pub max_uploads: usize,
    /// Least bytes a second of a request body, as long as the server waits for it; 0 demands none
    #[arg(long, env = "FLASH_MIN_BODY_RATE", value_name = "SIZE", default_value = "512B", value_parser = parse::size)]
    pub min_body_rate: u64,
}

/// How long is waited before a caller is cut off, and for what the server itself waits.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Time-outs")]
pub struct TimeoutSettings {
    /// How long the whole head of a request may take, from its first byte (on a new connection, from its start)
    #[arg(long, env = "FLASH_HEADER_TIMEOUT", value_name = "TIME", default_value = "10s", value_parser = parse::duration)]
    pub header_timeout: Duration,
    /// How long an open connection may stay without a request
    #[arg(long, env = "FLASH_IDLE_TIMEOUT", value_name = "TIME", default_value = "75s", value_parser = parse::duration)]
    pub idle_timeout: Duration,
    /// Longest pause within a request body, and how far it may fall behind --min-body-rate, after which the request is
    /// answered with 408
    #[arg(long, env = "FLASH_BODY_TIMEOUT", value_name = "TIME", default_value = "30s", value_parser = parse::duration)]
    pub body_timeout: Duration,
    /// How long an upload waits while others are received, as many as --max-uploads or --memory allows, after which it is
    /// answered with 503
    #[arg(long, env = "FLASH_QUEUE_TIMEOUT", value_name = "TIME", default_value = "60s", value_parser = parse::duration)]
    pub queue_timeout: Duration,
    /// Longest pause of a client that does not take its response
    #[arg(long, env = "FLASH_WRITE_TIMEOUT", value_name = "TIME", default_value = "30s", value_parser = parse::duration)]
    pub write_timeout: Duration,
    /// How long a request waits for the store, after which it is answered with 503
    #[arg(long, env = "FLASH_STORE_TIMEOUT", value_name = "TIME", default_value = "5s", value_parser = parse::duration)]
    pub store_timeout: Duration,
    /// How long a query may look for the rows of an answer, or for the next ones of a long one, after which it is
    /// answered with 503 or cut off
    #[arg(long, env = "FLASH_QUERY_TIMEOUT", value_name = "TIME", default_value = "10s", value_parser = parse::duration)]
    pub query_timeout: Duration,
    /// How long to go on accepting after SIGTERM, while load balancers learn that this server goes away
    #[arg(long, env = "FLASH_DRAIN_DELAY", value_name = "TIME", default_value = "0s", value_parser = parse::duration)]
    pub drain_delay: Duration,
    /// How long requests in flight may take to finish after that; what is left is cut off
    #[arg(long, env = "FLASH_DRAIN_TIMEOUT", value_name = "TIME", default_value = "30s", value_parser = parse::duration)]
    pub drain_timeout: Duration,
}

/// What is told on standard error.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Logs")]
pub struct LogSettings {
    /// Form of a line
    #[arg(
        long,
        env = "FLASH_LOG_FORMAT",
        value_name = "FORMAT",
        default_value = "text"
    )]
    pub log_format: LogFormat,
    /// Least important lines to write; each request is one line at info
    #[arg(
        long,
        env = "FLASH_LOG_LEVEL",
        value_name = "LEVEL",
        default_value = "info"
    )]
    pub log_level: LogLevel,
}

/// Settings that do not hold together; each line says what to write instead.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SettingsError {
    /// Bound where others can reach it, and nobody chose what they may do.
    #[error(
        "--listen {0} can be reached from other machines, so choose what callers without a key may do: \
         --anonymous read-write (anyone may read, upload and delete), --anonymous read (anyone may read, only \
         registered clients may write) or --anonymous none (registered clients only)"
    )]
    AnonymousNotChosen(SocketAddr),
    /// Both listeners on one address.
    #[error("--listen and --admin-listen are both {0}: give one of them another port")]
    SameAddress(SocketAddr),
    /// Two databases.
    #[error(
        "--database and --database-file (or their environment variables) are both there: write one of them"
    )]
    TwoDatabases,
    /// The address of the database can't be had from its file.
    #[error("--database-file {file}: {reason}", file = file.display())]
    DatabaseFile {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A store of a copy that is not written, or twice.
    #[error(
        "{flag} or {flag}-file is needed, and only one of them: write {flag} sqlite:PATH or {flag} postgres://USER@HOST:PORT/DATABASE"
    )]
    OneStore {
        /// The flag.
        flag: &'static str,
    },
    /// The address of a store of a copy can't be had from its file.
    #[error("{flag}-file {file}: {reason}", file = file.display())]
    StoreFile {
        /// The flag.
        flag: &'static str,
        /// The file.
        file: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The lifecycles of the versions contradict each other.
    #[error(transparent)]
    Lives(#[from] LifecycleError),
    /// A limit that would refuse everything, or a time-out that would cut off everybody.
    #[error("{flag} is 0, with which nothing could be served: write at least {least}")]
    Zero {
        /// The flag.
        flag: &'static str,
        /// The least that makes sense.
        least: &'static str,
    },
    /// Too little memory to serve anything.
    #[error("--memory is {0}, too little to serve with: write at least {least}", least = memory::LEAST)]
    LittleMemory(bytesize::ByteSize),
    /// A cache that would leave no memory for anything else.
    #[error(
        "--cache-bytes is {cache}, more than half of --memory {memory}: lower it, or raise --memory"
    )]
    LargeCache {
        /// The cache.
        cache: bytesize::ByteSize,
        /// The whole budget.
        memory: bytesize::ByteSize,
    },
    /// A part that may be larger than the whole.
    #[error("{part} is larger than --max-body: lower it or raise --max-body")]
    LargerThanBody {
        /// The flag of the part.
        part: &'static str,
    },
}

impl Settings {
    /// Connections to the store: to a file those that read, to a server all. Each may keep a thread busy.
    pub fn connections(&self) -> usize {
        match self.database {
            Database::Sqlite(_) => self.store.store_readers,
            Database::Postgres(_) => self.store.store_connections,
        }
    }

    /// Files that the store may have open at once.
    pub fn store_files(&self) -> usize {
        match self.database {
            // Beside those that read there are one that writes and one for upkeep. Each has the database, its log and the
            // log's index open; the lock is one more.
            Database::Sqlite(_) => 3 * (self.store.store_readers + 2) + 1,
            // One more finds out whether the database is back.
            Database::Postgres(_) => self.store.store_connections + 1,
        }
    }
}

impl ServeSettings {
    /// Checks what was written, each setting and across settings.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, as one line that says what to write instead.
    pub fn check(self) -> Result<Settings, SettingsError> {
        let (listen, admin_listen) = (self.public.listen, self.admin.admin_listen);
        if listen == admin_listen && listen.port() != 0 {
            return Err(SettingsError::SameAddress(listen));
        }
        let anonymous = match self.access.anonymous {
            Some(chosen) => chosen,
            None if listen.ip().is_loopback() => Anonymous::ReadWrite,
            None => return Err(SettingsError::AnonymousNotChosen(listen)),
        };
        self.check_zeros()?;
        for (part, size) in [
            ("--max-json-body", self.limits.max_json_body),
            ("--max-record", self.limits.max_record),
        ] {
            if size > self.limits.max_body {
                return Err(SettingsError::LargerThanBody { part });
            }
        }
        Ok(Settings {
            listen,
            admin_listen,
            database: self.database.resolve()?,
            memory: self.memory.check()?,
            store: self.store,
            anonymous,
            hosts: self.access.hosts,
            allowed_origins: self.access.allowed_origins,
            count_usage: self.access.count_usage,
            lifecycle: self.lifecycle,
            limits: self.limits,
            timeouts: self.timeouts,
            logs: self.logs,
        })
    }

    fn check_zeros(&self) -> Result<(), SettingsError> {
        let (limits, timeouts) = (&self.limits, &self.timeouts);
        for (flag, zero, least) in [
            ("--max-body", limits.max_body == 0, "1"),
            ("--max-json-body", limits.max_json_body == 0, "1"),
            ("--max-columns", limits.max_columns == 0, "1"),
            ("--max-header", limits.max_header == 0, "1"),
            ("--max-record", limits.max_record == 0, "1"),
            ("--max-connections", limits.max_connections == 0, "1"),
            ("--max-uploads", limits.max_uploads == 0, "1"),
            ("--store-readers", self.store.store_readers == 0, "1"),
            (
                "--store-connections",
                self.store.store_connections == 0,
                "1",
            ),
            ("--commit-batch", self.store.commit_batch == 0, "1"),
            ("--keep-revisions", self.store.keep_revisions == 0, "1"),
            (
                "--header-timeout",
                timeouts.header_timeout.is_zero(),
                "1ms, or 10s",
            ),
            (
                "--idle-timeout",
                timeouts.idle_timeout.is_zero(),
                "1ms, or 75s",
            ),
            (
                "--body-timeout",
                timeouts.body_timeout.is_zero(),
                "1ms, or 30s",
            ),
            (
                "--queue-timeout",
                timeouts.queue_timeout.is_zero(),
                "1ms, or 60s",
            ),
            (
                "--write-timeout",
                timeouts.write_timeout.is_zero(),
                "1ms, or 30s",
            ),
            (
                "--store-timeout",
                timeouts.store_timeout.is_zero(),
                "1ms, or 5s",
            ),
            (
                "--query-timeout",
                timeouts.query_timeout.is_zero(),
                "1ms, or 10s",
            ),
        ] {
            if zero {
                return Err(SettingsError::Zero { flag, least });
            }
        }
        Ok(())
    }
}

/// The defaults, taken from the flags themselves; the environment is not read.
impl Default for ServeSettings {
    fn default() -> Self {
        let command =
            Self::augment_args(clap::Command::new("flash")).mut_args(|argument| argument.env(None));
        let matches = command
            .try_get_matches_from(["flash"])
            .expect("every setting has a default or is optional");
        Self::from_arg_matches(&matches).expect("the defaults are valid values")
    }
}
