//! `flash serve`: logger, listeners, service, server, drain.

use std::{io, sync::Arc};

use tokio::sync::oneshot;

use crate::{
    api::{self, Registry, RegistryError},
    logging::{self, LoggingError},
    server::{self, BindError, Drain, Limits, NoFilesLeft, OpenFiles, Signals, Summary},
    services::{Clock, Services, memory::give_large_back_at_once},
    settings::{Settings, SettingsError},
    store::OpenError,
    versioning::{Catalogue, Life},
};

/// Threads for what blocks: reads of the store, and raw blocks of uploads, which come at most one a core at once.
const BLOCKING_THREADS: usize = 16;

/// Why the server could not start, or was stopped before it was done.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Logging could not start.
    #[error(transparent)]
    Logging(#[from] LoggingError),
    /// The store could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The lives that are set do not fit the versions there are.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The list of versions is none that can be served.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// Too few files may be opened.
    #[error(transparent)]
    Files(#[from] NoFilesLeft),
    /// An address could not be bound.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The operating system refused something the server cannot do without.
    #[error("the server could not start")]
    Start(#[from] io::Error),
    /// A second signal came while the server drained.
    #[error("stopped at once by a second {0}; what was in flight was cut off")]
    Hurried(&'static str),
}

/// Serves until a signal, drains, and returns.
pub(super) fn run(settings: &Settings) -> Result<(), ServeError> {
    give_large_back_at_once();
    let clock = Clock::system();
    let registry = Registry::standard()?;
    let catalogue = settings.lives.apply(&registry.catalogue()?, clock.now())?;
    let _written_out_when_dropped = logging::start(&settings.logs)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS + settings.connections())
        .build()?;
    let outcome = runtime.block_on(serve(settings, registry, catalogue, clock));
    // What still runs on a blocking thread after a second signal is not waited for.
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
    let (clients_at_once, probes_at_once) = OpenFiles::raise().connections(settings)?;
    let public = server::bind(settings.listen, "--listen")?;
    let admin = server::bind(settings.admin_listen, "--admin-listen")?;
    let services = Services::open(settings.clone(), catalogue, clock)?;
    services.keep_usage();
    services.give_memory_back();
    let clients = api::service(Arc::clone(&services), registry)?;
    let operators = warp::service(api::operations_filter(Arc::clone(&services)));
    log::info!("the API is at http://{}", public.local_addr()?);
    log::info!("probes and metrics are at http://{}", admin.local_addr()?);
    say_lives(&services);
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
        log::info!("{signal}: finishing what is in flight; a second signal stops at once");
        // Nobody listens when the API has ended meanwhile.
        let _ = stop.send(());
        signals.next().await
    };
    let ended = async {
        let summary = api.await;
        drop(api_ends);
        // Probes that panicked are no reason not to end well.
        let _ = probes.await;
        if let Err(error) = services.hand_usage_over().await {
            log::warn!("the last requests are not counted: {error}");
        }
        services.store.close().await;
        say_farewell(summary);
    };
    tokio::select! {
        () = ended => Ok(()),
        signal = hurried => Err(ServeError::Hurried(signal)),
    }
}

/// Completes when something is sent, or nothing can be any more.
async fn told(receiver: oneshot::Receiver<()>) {
    let _ = receiver.await;
}

/// A line for each version that is not plainly stable.
fn say_lives(services: &Services) {
    let now = services.clock.now();
    for version in &services.catalogue {
        if version.life == Life::default() {
            continue;
        }
        let parts: Vec<String> = [format!("{} is {}", version.number, version.state(now))]
            .into_iter()
            .chain(version.life.announced())
            .collect();
        log::info!("{}", parts.join(", "));
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
            "{cut_off} connections were cut off: what they had in flight took longer than --drain-timeout"
        );
    }
    log::info!(connections = connections, requests = requests; "stopped");
}
