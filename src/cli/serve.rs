//! `flash serve`: starts the logger, the listeners and the service, then serves and drains.

use std::{io, sync::Arc};

use tokio::sync::oneshot;

use crate::{
    api::{Registry, RegistryError},
    logging::{self, LoggingError},
    pages,
    server::{self, BindError, Drain, Limits, NoFilesLeft, OpenFiles, Signals, Summary},
    services::{
        Clock, Services,
        announcing::{self, AnnounceError},
        memory::give_large_back_at_once,
    },
    settings::{Anonymous, Settings, SettingsError},
    store::OpenError,
    versioning::{Catalogue, Lifecycle},
};

/// Threads for blocking work beside the connections of the store, such as the analysis of uploads (one block a core).
const BLOCKING_THREADS: usize = 16;

/// Why the server could not start or drain.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Logging could not start.
    #[error(transparent)]
    Logging(#[from] LoggingError),
    /// The store could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The lifecycle settings do not fit the versions.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The list of versions is not valid.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The limit of open files is too low.
    #[error(transparent)]
    Files(#[from] NoFilesLeft),
    /// What the server announces breaks what was announced before.
    #[error(transparent)]
    Announce(#[from] AnnounceError),
    /// An address could not be bound.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The operating system refused something that the server needs.
    #[error("the server could not start")]
    Start(#[from] io::Error),
    /// A second signal came while the server drained.
    #[error("a second {0} stopped the server at once; requests in flight were cut off")]
    Hurried(&'static str),
}

/// Serves until a signal arrives, drains, and returns.
pub(super) fn run(settings: &Settings) -> Result<(), ServeError> {
    give_large_back_at_once();
    let clock = Clock::system();
    let registry = Registry::standard()?;
    let catalogue = settings
        .lifecycle
        .apply(&registry.catalogue()?, clock.now())?;
    let _written_out_when_dropped = logging::start(&settings.logs)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS + settings.connections())
        .build()?;
    let outcome = runtime.block_on(serve(settings, registry, catalogue, clock));
    // Don't wait for blocking threads that still work after a second signal.
    runtime.shutdown_background();
    outcome
}

async fn serve(
    settings: &Settings,
    registry: Registry,
    catalogue: Catalogue,
    clock: Clock,
) -> Result<(), ServeError> {
    let mut signals = Signals::listen()?;
    log::info!(
        "flash {}, database {}",
        env!("FLASH_VERSION"),
        settings.database
    );
    let (clients_at_once, probes_at_once) = OpenFiles::raise().connections(settings)?;
    let public = server::bind(settings.listen, "--listen")?;
    let admin = server::bind(settings.admin_listen, "--admin-listen")?;
    let services = Services::open(settings.clone(), catalogue, clock)?;
    let announced = services.announce().await?;
    services.keep_usage();
    services.keep_notifying();
    services.give_memory_back();
    let clients = pages::service(Arc::clone(&services), registry)?;
    let operators = pages::operators(Arc::clone(&services));
    log_access(settings);
    log::info!("the API is at {}", public.url());
    log::info!(
        "probes and metrics, and pages for the operator, are at {}",
        admin.url()
    );
    log_lifecycles(&services);
    let is_announced = announced.is_some();
    announcing::warn(&announced.unwrap_or_default());
    services.warn_of_users();

    let drain = Drain::new();
    let (stop, stopped) = oneshot::channel();
    let (api_ends, api_ended) = oneshot::channel();
    let api = server::serve(
        public,
        clients,
        Limits {
            connections: clients_at_once,
            ..Limits::public(settings)
        },
        drain.clone(),
        Some(Arc::clone(&services.metrics)),
        told(stopped),
    );
    let probes = server::serve(
        admin,
        operators,
        Limits::admin(settings, probes_at_once),
        Drain::new(),
        None,
        told(api_ended),
    );
    let probes = tokio::spawn(probes);

    let hurried = async {
        let signal = signals.next().await;
        services.drain();
        log::info!("{signal}: finishing requests in flight; a second signal stops at once");
        // The receiver is gone if the API has ended meanwhile.
        let _ = stop.send(());
        signals.next().await
    };
    let ended = async {
        let summary = api.await;
        drop(api_ends);
        // A panic in the probes must not keep the server from closing its store.
        let _ = probes.await;
        if let Err(error) = services.hand_usage_over().await {
            log::warn!("could not count the last requests: {error}");
        }
        services.end_announcement().await;
        services.store.close().await;
        say_farewell(summary);
    };
    tokio::select! {
        () = ended => Ok(()),
        signal = hurried => Err(ServeError::Hurried(signal)),
        error = services.keep_announced(is_announced) => Err(error.into()),
    }
}

/// Completes when the sender sends or is dropped.
async fn told(receiver: oneshot::Receiver<()>) {
    let _ = receiver.await;
}

/// Logs what callers without a key may do, and from where.
fn log_access(settings: &Settings) {
    let may = match settings.anonymous {
        Anonymous::ReadWrite => "callers without a key may read, upload and delete",
        Anonymous::Read => "callers without a key may read, and only registered clients may write",
        Anonymous::None => "only registered clients may read and write",
    };
    match settings.listen.is_loopback() {
        true => log::info!("{may}; only this machine reaches the API"),
        false => log::info!("{may}; other machines reach the API at {}", settings.listen),
    }
}

/// Logs a line for each version with an announced date or another state than stable.
fn log_lifecycles(services: &Services) {
    let now = services.clock.now();
    for version in &services.catalogue {
        if version.lifecycle == Lifecycle::default() {
            continue;
        }
        let parts: Vec<String> = [format!("{} is {}", version.number, version.state(now))]
            .into_iter()
            .chain(version.lifecycle.announced())
            .collect();
        log::info!("{}", parts.join(", "));
    }
    if let Some(default) = services.settings.lifecycle.default {
        log::warn!("callers that name no version and have no pin get {default} (--default)");
    }
}

fn say_farewell(summary: Summary) {
    let Summary {
        connections,
        requests,
        cut_off,
    } = summary;
    if cut_off > 0 {
        log::warn!(
            "{} cut off, because requests in flight took longer than --drain-timeout",
            super::counted(cut_off, "connection")
        );
    }
    log::info!(connections = connections, requests = requests; "stopped");
}
