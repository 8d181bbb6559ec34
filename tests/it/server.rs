//! A server for one test: its own database, its own ports, its own clock if it wants one.

use std::net::SocketAddr;
use std::sync::Arc;

use flash::api::Registry;
use flash::api::contract::ApiVersion;
use flash::api::versions::VERSIONS;
use flash::pages;
use flash::server::{self, Drain, Limits, Summary};
use flash::services::{Clock, Services};
use flash::settings::ServeSettings;
use jiff::Timestamp;
use serde_json::Value;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use ureq::Agent;

use crate::client::{Call, agent};
use crate::database::Place;

/// A running server.
pub struct Server {
    pub address: SocketAddr,
    pub services: Arc<Services>,
    agent: Agent,
    stop: Option<oneshot::Sender<()>>,
    running: Option<JoinHandle<Summary>>,
    runtime: Option<Runtime>,
    // Below what uses it, so that it is dropped after it.
    pub place: Place,
}

/// How a server is to be.
pub struct Builder {
    pub settings: ServeSettings,
    /// The versions that it has, newest first.
    pub versions: &'static [&'static ApiVersion],
    pub clock: Clock,
    place: Place,
}

impl Server {
    /// A server with the default settings and an empty database.
    pub fn start() -> Self {
        Self::with(|_| ())
    }

    /// A server with other settings.
    pub fn with(change: impl FnOnce(&mut ServeSettings)) -> Self {
        let mut builder = Builder::new();
        change(&mut builder.settings);
        builder.start()
    }

    pub fn call(&self, method: &str, path: &str) -> Call {
        Call::new(
            &self.agent,
            method,
            format!("http://{}{path}", self.address),
        )
    }

    pub fn get(&self, path: &str) -> Call {
        self.call("GET", path)
    }

    pub fn post(&self, path: &str) -> Call {
        self.call("POST", path)
    }

    pub fn put(&self, path: &str) -> Call {
        self.call("PUT", path)
    }

    pub fn delete(&self, path: &str) -> Call {
        self.call("DELETE", path)
    }

    /// Stores `csv` under `name`, in v2.
    #[track_caller]
    pub fn store(&self, name: &str, csv: impl AsRef<[u8]>) {
        self.put(&format!("/datasets/{name}"))
            .v2()
            .csv(csv)
            .send()
            .created();
    }

    /// Replaces what is stored under `name`, in v2.
    #[track_caller]
    pub fn replace(&self, name: &str, csv: impl AsRef<[u8]>) {
        self.put(&format!("/datasets/{name}"))
            .v2()
            .csv(csv)
            .send()
            .ok();
    }

    /// The first 10,000 rows of a dataset, in v2.
    #[track_caller]
    pub fn rows(&self, name: &str) -> Value {
        let path = format!("/datasets/{name}/rows?limit=10000");
        self.get(&path).v2().send().ok().json()["data"].take()
    }

    /// What v2 says of a dataset.
    #[track_caller]
    pub fn dataset(&self, name: &str) -> Value {
        let path = format!("/datasets/{name}");
        self.get(&path).v2().send().ok().json()
    }

    /// The names of all datasets.
    #[track_caller]
    pub fn names(&self) -> Vec<String> {
        let list = self.get("/datasets?limit=1000").v2().send().ok().json();
        let datasets = list["data"].as_array().unwrap();
        datasets
            .iter()
            .map(|dataset| dataset["name"].as_str().unwrap().to_owned())
            .collect()
    }

    /// How many segments the newest revision of a dataset reads.
    pub fn segments(&self, name: &str) -> usize {
        let name = name.parse().unwrap();
        let found = self.wait_for(self.services.store.find(&name)).unwrap();
        found.unwrap().segments.iter().count()
    }

    /// What comes of something that the server's services do.
    pub fn wait_for<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.as_ref().unwrap().block_on(future)
    }

    /// Waits until that is so.
    #[track_caller]
    pub fn until(&self, is_so: impl Fn(&Self) -> bool) {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while !is_so(self) {
            assert!(std::time::Instant::now() < deadline, "it never was so");
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }

    /// Stops the server as SIGTERM does, and starts another one on the same database.
    pub fn restart(mut self) -> Self {
        self.stop();
        Builder::at(self.place.clone()).start()
    }

    fn stop(&mut self) {
        let (Some(stop), Some(running), Some(runtime)) =
            (self.stop.take(), self.running.take(), self.runtime.take())
        else {
            return;
        };
        let services = Arc::clone(&self.services);
        runtime.block_on(async move {
            services.drain();
            drop(stop);
            running.await.unwrap();
            services.store.close().await;
        });
        runtime.shutdown_background();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Builder {
    pub fn new() -> Self {
        Self::at(Place::new())
    }

    /// A server that finds what another one left.
    pub fn at(place: Place) -> Self {
        let mut settings = ServeSettings::default();
        // What requests that are written out call it.
        settings.access.hosts = vec!["flash".to_owned()];
        Self {
            settings,
            versions: VERSIONS,
            clock: Clock::system(),
            place,
        }
    }

    /// Gives the server a clock that stands until it is moved.
    pub fn stand_at(&mut self, time: Timestamp) -> Clock {
        self.clock = Clock::standing_at(time);
        self.clock.clone()
    }

    pub fn start(mut self) -> Server {
        self.settings.database.database = Some(self.place.setting());
        self.settings.public.listen = "127.0.0.1:0".parse().unwrap();
        self.settings.admin.admin_listen = "127.0.0.1:0".parse().unwrap();
        let settings = self.settings.check().unwrap();
        let runtime = Runtime::new().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let (address, services, running) = runtime.block_on(async {
            let listener = server::bind(settings.listen, "--listen").unwrap();
            let address = listener.local_addr().unwrap();
            let limits = Limits::public(&settings);
            let registry = Registry::new(self.versions).unwrap();
            let catalogue = registry.catalogue().unwrap();
            let catalogue = settings
                .lifecycle
                .apply(&catalogue, self.clock.now())
                .unwrap();
            let services = Services::open(settings, catalogue, self.clock).unwrap();
            let service = pages::service(Arc::clone(&services), registry).unwrap();
            let serving = server::serve(
                listener,
                service,
                limits,
                Drain::new(),
                Some(Arc::clone(&services.metrics)),
                async {
                    // Whichever way the sender goes, the server is to stop.
                    drop(stopped.await);
                },
            );
            (address, services, tokio::spawn(serving))
        });
        Server {
            address,
            services,
            agent: agent(),
            stop: Some(stop),
            running: Some(running),
            runtime: Some(runtime),
            place: self.place,
        }
    }
}
