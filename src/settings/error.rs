//! What is wrong with settings, as one line that says what to write instead.

use std::path::PathBuf;

use jiff::Timestamp;

use super::ListenAddress;
use crate::versioning::{CatalogueError, VersionNumber};

/// Settings that are wrong or contradict each other. Each line says what to write instead.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SettingsError {
    /// The listener is reachable from other machines, and --anonymous is not set.
    #[error(
        "--listen {0} is reachable from other machines, so choose what callers without a key may do: \
         --anonymous read-write (anyone may read, upload and delete), --anonymous read (anyone may read, only \
         registered clients may write) or --anonymous none (registered clients only)"
    )]
    AnonymousNotChosen(ListenAddress),
    /// Both listeners have the same address.
    #[error("--listen {0} and --admin-listen {1} can't both listen: give one of them another port")]
    SameAddress(ListenAddress, ListenAddress),
    /// Two databases are set.
    #[error(
        "--database and --database-file (or their environment variables) are both set: use one of them"
    )]
    TwoDatabases,
    /// The file with the address of the database is wrong.
    #[error("--database-file {file}: {reason}", file = file.display())]
    DatabaseFile {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A store of a copy is set twice or not at all.
    #[error(
        "set either {flag} or {flag}-file: write {flag} sqlite:PATH or {flag} postgres://USER@HOST:PORT/DATABASE"
    )]
    OneStore {
        /// The flag.
        flag: &'static str,
    },
    /// The file with the address of a store of a copy is wrong.
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
    /// The webhook has two secrets.
    #[error(
        "--notify-secret and --notify-secret-file (or their environment variables) are both set: use one of them"
    )]
    TwoNotifySecrets,
    /// The file with the webhook's secret is wrong.
    #[error("--notify-secret-file {file}: {reason}", file = file.display())]
    NotifySecretFile {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The webhook has no secret.
    #[error(
        "--notify needs a secret that signs the notices: set --notify-secret-file, or FLASH_NOTIFY_SECRET"
    )]
    NoNotifySecret,
    /// A secret is set without a webhook.
    #[error("the secret of --notify-secret signs nothing: set --notify, or leave it out")]
    NoNotify,
    /// A limit or time-out of 0 would refuse every request.
    #[error("{flag} is 0, which would refuse every request: use at least {least}")]
    Zero {
        /// The flag.
        flag: &'static str,
        /// The least value to use.
        least: &'static str,
    },
    /// The memory budget is too small.
    #[error("--memory is {memory}, which is too little: use at least {least}")]
    LittleMemory {
        /// The whole budget.
        memory: bytesize::ByteSize,
        /// The least budget.
        least: bytesize::ByteSize,
    },
    /// The cache would take too much of the memory budget.
    #[error(
        "--cache-bytes is {cache}, more than half of --memory {memory}: lower it, or raise --memory"
    )]
    LargeCache {
        /// The cache.
        cache: bytesize::ByteSize,
        /// The whole budget.
        memory: bytesize::ByteSize,
    },
    /// A part would be larger than the whole.
    #[error("{part} is larger than --max-body: lower it or raise --max-body")]
    LargerThanBody {
        /// The flag of the part.
        part: &'static str,
    },
}

/// Lifecycles that contradict each other.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum LifecycleError {
    /// The server doesn't have the version.
    #[error("{flag} names {version}, which doesn't exist: the versions are {known}")]
    Unknown {
        /// The flag.
        flag: &'static str,
        /// The version.
        version: VersionNumber,
        /// The versions of this server.
        known: String,
    },
    /// A flag names a version twice.
    #[error("{flag} names {version} more than once: name it once")]
    Repeated {
        /// The flag.
        flag: &'static str,
        /// The version.
        version: VersionNumber,
    },
    /// A version is made a preview and promoted.
    #[error(
        "--preview {0} and --promote {0} contradict each other: use one of them, or --promote {0}=DATE for a preview until then"
    )]
    PreviewAndPromote(VersionNumber),
    /// A retirement would leave no stable version.
    #[error(
        "{version} is retired at {at}, when no other version is stable: retire it later, or make another version stable by then"
    )]
    LastRetired {
        /// The version.
        version: VersionNumber,
        /// The date of the retirement.
        at: Timestamp,
    },
    /// A preview would leave no version that stays stable.
    #[error(
        "{0} is a preview, and no other version stays stable: promote it (--promote {0} or {0}=DATE), or keep another one stable"
    )]
    LastPreview(VersionNumber),
    /// The catalogue refuses the versions.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
}
