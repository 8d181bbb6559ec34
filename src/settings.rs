//! Every setting, once: its flag, its environment variable, its default, its meaning and its check.
//!
//! [`ServeSettings`] are the values from the command line and the environment. [`ServeSettings::check`] turns them into
//! [`Settings`], which are consistent and which every other module may trust.
//! Only the catalogue can check the lifecycles of versions: [`LifecycleSettings::apply`] does.
//! The error about a wrong setting is one line that says what to write instead.

mod check;
mod error;
mod lifecycle;
mod listen;
mod memory;
mod network;
mod notify;
mod parse;
mod rate;
mod stores;
mod values;

use std::time::Duration;

use clap::{Args, FromArgMatches, builder::FalseyValueParser};

pub use error::{LifecycleError, SettingsError};
pub use lifecycle::{LifecycleSettings, PromiseSettings};
pub use listen::{ListenAddress, NotAnAddress};
pub use memory::{MemoryBudget, MemorySettings};
pub use network::{Network, customer};
pub use notify::{Notify, NotifySecret, NotifySettings, NotifyUrl};
pub use rate::RateLimit;
pub use stores::{CopySettings, DatabaseSettings};
pub use values::{
    Anonymous, CountUsage, Database, LogFormat, LogLevel, MigrateMode, PostgresUrl, SchemaChanges,
    Several,
};

/// The settings of `flash serve` as written, or their defaults.
#[derive(Args, Clone, Debug)]
pub struct ServeSettings {
    /// The address of the API.
    #[command(flatten)]
    pub public: PublicAddress,
    /// The address of the admin listener.
    #[command(flatten)]
    pub admin: AdminAddress,
    /// The database.
    #[command(flatten)]
    pub database: DatabaseSettings,
    /// Settings of the store.
    #[command(flatten)]
    pub store: StoreSettings,
    /// The memory for clients.
    #[command(flatten)]
    pub memory: MemorySettings,
    /// What callers without a key may do.
    #[command(flatten)]
    pub access: AccessSettings,
    /// The lifecycles of versions, as flags set them.
    #[command(flatten)]
    pub lifecycle: LifecycleSettings,
    /// What may be broken of what was announced.
    #[command(flatten)]
    pub promises: PromiseSettings,
    /// The webhook.
    #[command(flatten)]
    pub notify: NotifySettings,
    /// Limits of requests.
    #[command(flatten)]
    pub limits: LimitSettings,
    /// Time limits.
    #[command(flatten)]
    pub timeouts: TimeoutSettings,
    /// The log.
    #[command(flatten)]
    pub logs: LogSettings,
}

/// Settings that were checked, each by itself and all together.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The address of the API.
    pub listen: ListenAddress,
    /// The address of the admin listener.
    pub admin_listen: ListenAddress,
    /// The database.
    pub database: Database,
    /// Settings of the store.
    pub store: StoreSettings,
    /// The memory for clients.
    pub memory: MemoryBudget,
    /// What callers without a key may do.
    pub anonymous: Anonymous,
    /// Names that a loopback listener answers to, beside the machine's own names.
    pub hosts: Vec<String>,
    /// Origins of web pages that may write.
    pub allowed_origins: Vec<String>,
    /// Origins whose web pages may read and write; `*`: pages of every origin may read.
    pub cors_origins: Vec<String>,
    /// The networks of proxies whose word for the client's address is believed.
    pub trusted_proxies: Vec<Network>,
    /// The rate limit of each caller. `None`: there is none.
    pub rate_limit: Option<RateLimit>,
    /// Whether requests are counted per caller.
    pub count_usage: CountUsage,
    /// The lifecycles of versions. Apply them to the catalogue, which checks them.
    pub lifecycle: LifecycleSettings,
    /// What may be broken of what was announced.
    pub promises: PromiseSettings,
    /// The webhook, if there is one.
    pub notify: Option<Notify>,
    /// Limits of requests.
    pub limits: LimitSettings,
    /// Time limits.
    pub timeouts: TimeoutSettings,
    /// The log.
    pub logs: LogSettings,
}

/// The address of the API.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Addresses")]
pub struct PublicAddress {
    /// Address and port of the API. A port alone is one of localhost: 127.0.0.1 and ::1. 0.0.0.0:3000 makes it reachable from other
    /// machines
    #[arg(
        long,
        env = "FLASH_LISTEN",
        value_name = "ADDRESS:PORT",
        default_value = "localhost:3000"
    )]
    pub listen: ListenAddress,
}

/// The address of the admin listener.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Addresses")]
pub struct AdminAddress {
    /// Address and port of /livez, /readyz and /metrics. It is separate from the API, so that it can stay internal
    #[arg(
        long,
        env = "FLASH_ADMIN_LISTEN",
        value_name = "ADDRESS:PORT",
        default_value = "localhost:3001"
    )]
    pub admin_listen: ListenAddress,
}

/// Settings of the store.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Store")]
pub struct StoreSettings {
    /// What to do if the schema of the database is older than this release
    #[arg(
        long,
        env = "FLASH_MIGRATE",
        value_name = "WHEN",
        default_value = "auto"
    )]
    pub migrate: MigrateMode,
    /// SQLite: connections for reads, so the number of reads that run at once
    #[arg(long, env = "FLASH_STORE_READERS", value_name = "COUNT", default_value = "4", allow_negative_numbers = true, value_parser = parse::count)]
    pub store_readers: usize,
    /// PostgreSQL: connections, so the number of reads and writes that run at once
    #[arg(long, env = "FLASH_STORE_CONNECTIONS", value_name = "COUNT", default_value = "16", allow_negative_numbers = true, value_parser = parse::count)]
    pub store_connections: usize,
    /// SQLite: most writes that one transaction commits. 1 gives each write its own transaction
    #[arg(long, env = "FLASH_COMMIT_BATCH", value_name = "COUNT", default_value = "256", value_parser = parse::count)]
    pub commit_batch: usize,
    /// Revisions of a dataset to keep, including the newest. Older ones are removed
    #[arg(long, env = "FLASH_KEEP_REVISIONS", value_name = "COUNT", default_value = "10", value_parser = parse::count)]
    pub keep_revisions: usize,
    /// How much an upload may change the schema of a dataset that is new. PATCH changes it for one dataset
    #[arg(
        long,
        env = "FLASH_SCHEMA_CHANGES",
        value_name = "HOW-MUCH",
        default_value = "any"
    )]
    pub schema_changes: SchemaChanges,
    /// Space in the database for Parquet files, which are made on request; those that were used least recently make room
    #[arg(long, env = "FLASH_PARQUET_BYTES", value_name = "SIZE", default_value = "1GiB", value_parser = parse::size)]
    pub parquet_bytes: u64,
    /// The sizes of blocks. No flag sets them.
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
    /// Rows whose columns are stored together, about.
    pub group_rows: usize,
    /// Rows from which on an upload segment gets columns.
    pub columns_from: u64,
}

impl Default for BlockSizes {
    fn default() -> Self {
        Self {
            block_bytes: 64 << 10,
            page_bytes: 16 << 20,
            group_rows: 64 << 10,
            columns_from: 4096,
        }
    }
}

impl BlockSizes {
    /// Blocks that are looked up together, about.
    pub fn blocks_a_page(&self) -> u64 {
        self.page_bytes / u64::try_from(self.block_bytes.max(1)).unwrap_or(u64::MAX)
    }
}

/// The settings of access, as written.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Access")]
pub struct AccessSettings {
    /// What callers without a key may do [default: read-write if --listen is a loopback address; else you have to choose]
    #[arg(long, env = "FLASH_ANONYMOUS", value_name = "ACCESS")]
    pub anonymous: Option<Anonymous>,
    /// Another name of a listener on a loopback address, beside localhost and 127.0.0.1; separate several with commas, or
    /// repeat the flag
    #[arg(long = "host", env = "FLASH_HOST", value_name = "NAME", value_delimiter = ',', value_parser = parse::host)]
    pub hosts: Vec<String>,
    /// An origin whose web pages may write, as browsers send it in the header Origin; separate several with commas, or
    /// repeat the flag
    #[arg(long = "allow-origin", env = "FLASH_ALLOW_ORIGIN", value_name = "ORIGIN", value_delimiter = ',', value_parser = parse::origin)]
    pub allowed_origins: Vec<String>,
    /// An origin whose web pages may read and write as any caller does (CORS); `*` lets pages of every origin read, and write with a
    /// key; separate several with commas, or repeat the flag
    #[arg(long = "cors-origin", env = "FLASH_CORS_ORIGIN", value_name = "ORIGIN", value_delimiter = ',', value_parser = parse::cors_origin)]
    pub cors_origins: Vec<String>,
    /// How many requests each client, or each address without a key, may send to this server: 100/s, or 6000/min. So many at once, and
    /// then they come back evenly. Further ones are 429. `flash clients set` gives a client a limit of its own [default: no limit]
    #[arg(long, env = "FLASH_RATE_LIMIT", value_name = "COUNT/TIME")]
    pub rate_limit: Option<RateLimit>,
    /// A network of proxies whose X-Forwarded-For or Forwarded is believed, such as 10.0.0.0/8; separate several with commas, or
    /// repeat the flag
    #[arg(
        long = "trusted-proxy",
        env = "FLASH_TRUSTED_PROXY",
        value_name = "NETWORK",
        value_delimiter = ','
    )]
    pub trusted_proxies: Vec<Network>,
    /// Count requests per client
    #[arg(
        long,
        env = "FLASH_COUNT_USAGE",
        value_name = "WHETHER",
        default_value = "on"
    )]
    pub count_usage: CountUsage,
}

/// Limits of requests. Sizes are bytes.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Limits")]
pub struct LimitSettings {
    /// Largest request body, after decompression
    #[arg(long, env = "FLASH_MAX_BODY", value_name = "SIZE", default_value = "1GiB", value_parser = parse::size)]
    pub max_body: u64,
    /// Largest request body in JSON, which is held in memory
    #[arg(long, env = "FLASH_MAX_JSON_BODY", value_name = "SIZE", default_value = "16MiB", value_parser = parse::size)]
    pub max_json_body: u64,
    /// Largest body of a QUERY request
    #[arg(long, env = "FLASH_MAX_QUERY", value_name = "SIZE", default_value = "256KiB", value_parser = parse::size)]
    pub max_query: u64,
    /// Most columns of a CSV
    #[arg(long, env = "FLASH_MAX_COLUMNS", value_name = "COUNT", default_value = "4096", allow_negative_numbers = true, value_parser = parse::count)]
    pub max_columns: usize,
    /// Largest header line of a CSV
    #[arg(long, env = "FLASH_MAX_HEADER", value_name = "SIZE", default_value = "1MiB", value_parser = parse::size)]
    pub max_header: u64,
    /// Largest record (row) of a CSV
    #[arg(long, env = "FLASH_MAX_RECORD", value_name = "SIZE", default_value = "8MiB", value_parser = parse::size)]
    pub max_record: u64,
    /// Most connections at once; further ones wait until one ends. One address can have seven eighths of them. The limit is
    /// lowered if the process may open fewer files
    #[arg(long, env = "FLASH_MAX_CONNECTIONS", value_name = "COUNT", default_value = "1024", allow_negative_numbers = true, value_parser = parse::count)]
    pub max_connections: usize,
    /// Most uploads at once; further ones wait for --queue-timeout until one ends or a slow one makes way. One client, or one
    /// address without a key, can have seven eighths of them. The limit is lowered if --memory is too small for so many
    /// (4 MiB each)
    #[arg(long, env = "FLASH_MAX_UPLOADS", value_name = "COUNT", default_value = "16", allow_negative_numbers = true, value_parser = parse::count)]
    pub max_uploads: usize,
    /// Most groups of a query with aggregates; then the answer is 422
    #[arg(long, env = "FLASH_MAX_GROUPS", value_name = "COUNT", default_value = "100000", allow_negative_numbers = true, value_parser = parse::count)]
    pub max_groups: usize,
    /// Least bytes a second of a request body, while the server waits for it; 0 sets no limit
    #[arg(long, env = "FLASH_MIN_BODY_RATE", value_name = "SIZE", default_value = "512B", value_parser = parse::size)]
    pub min_body_rate: u64,
}

/// Time limits.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Time-outs")]
pub struct TimeoutSettings {
    /// Longest time for the head of a request, from its first byte (on a new connection, from the start of the connection)
    #[arg(long, env = "FLASH_HEADER_TIMEOUT", value_name = "TIME", default_value = "10s", value_parser = parse::duration)]
    pub header_timeout: Duration,
    /// Longest time that an open connection may stay without a request
    #[arg(long, env = "FLASH_IDLE_TIMEOUT", value_name = "TIME", default_value = "75s", value_parser = parse::duration)]
    pub idle_timeout: Duration,
    /// Longest pause within a request body, and longest time that it may be behind --min-body-rate; then the answer is 408
    #[arg(long, env = "FLASH_BODY_TIMEOUT", value_name = "TIME", default_value = "30s", value_parser = parse::duration)]
    pub body_timeout: Duration,
    /// Longest time that an upload waits for others to end, when there are --max-uploads or --memory is full; then the answer
    /// is 503
    #[arg(long, env = "FLASH_QUEUE_TIMEOUT", value_name = "TIME", default_value = "60s", value_parser = parse::duration)]
    pub queue_timeout: Duration,
    /// Longest time that a client may not read its response; then it is cut off
    #[arg(long, env = "FLASH_WRITE_TIMEOUT", value_name = "TIME", default_value = "30s", value_parser = parse::duration)]
    pub write_timeout: Duration,
    /// Longest time that a request waits for the database; then the answer is 503
    #[arg(long, env = "FLASH_STORE_TIMEOUT", value_name = "TIME", default_value = "5s", value_parser = parse::duration)]
    pub store_timeout: Duration,
    /// Longest time that a query may search for the rows of an answer; then the answer is 503. In a long answer, it holds for
    /// the next rows, and the answer is cut off
    #[arg(long, env = "FLASH_QUERY_TIMEOUT", value_name = "TIME", default_value = "10s", value_parser = parse::duration)]
    pub query_timeout: Duration,
    /// Longest time that a Parquet file may take until it is made; then the answer is 503
    #[arg(long, env = "FLASH_PARQUET_TIMEOUT", value_name = "TIME", default_value = "5m", value_parser = parse::duration)]
    pub parquet_timeout: Duration,
    /// Time to keep accepting connections after SIGTERM, while load balancers take this server out
    #[arg(long, env = "FLASH_DRAIN_DELAY", value_name = "TIME", default_value = "0s", value_parser = parse::duration)]
    pub drain_delay: Duration,
    /// Time for requests in flight to finish after that; then they are cut off
    #[arg(long, env = "FLASH_DRAIN_TIMEOUT", value_name = "TIME", default_value = "30s", value_parser = parse::duration)]
    pub drain_timeout: Duration,
}

/// The log on standard error.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Logs")]
pub struct LogSettings {
    /// Format of log lines
    #[arg(
        long,
        env = "FLASH_LOG_FORMAT",
        value_name = "FORMAT",
        default_value = "text"
    )]
    pub log_format: LogFormat,
    /// Least important level to log; each request is one line at info
    #[arg(
        long,
        env = "FLASH_LOG_LEVEL",
        value_name = "LEVEL",
        default_value = "info"
    )]
    pub log_level: LogLevel,
    /// Log the address of the client with each request; behind proxies, see --trusted-proxy
    #[arg(long, env = "FLASH_LOG_ADDRESS", value_parser = FalseyValueParser::new())]
    pub log_address: bool,
}

impl Settings {
    /// Connections to the store: of SQLite those for reads, of PostgreSQL all. Each may keep a thread busy.
    pub fn connections(&self) -> usize {
        match self.database {
            Database::Sqlite(_) => self.store.store_readers,
            Database::Postgres(_) => self.store.store_connections,
        }
    }

    /// Most files that the store has open at once.
    pub fn store_files(&self) -> usize {
        match self.database {
            // Beside the readers there are a writer and a connection for maintenance. Each has the database, its log and the
            // index of the log open. The lock file is one more.
            Database::Sqlite(_) => 3 * (self.store.store_readers + 2) + 1,
            // One more connection checks whether the database is back.
            Database::Postgres(_) => self.store.store_connections + 1,
        }
    }
}

/// The defaults of the flags. The environment is not read.
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
