//! The limits of one listener.

use std::time::Duration;

use super::{cors::Cors, peer_address::TrustedProxies, trust::Trust};
use crate::settings::{ListenAddress, Settings};

/// The limits of one listener, and the level of its request lines.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Most connections at once. Further ones are accepted when one ends.
    pub connections: usize,
    /// Time for the whole head of a request, from its first byte (on a new connection, from the start of the connection).
    pub header_timeout: Duration,
    /// Time until the next request on an open connection.
    pub idle_timeout: Duration,
    /// Longest pause within a request body, and longest time that it may be behind `body_rate`.
    pub body_timeout: Duration,
    /// Least bytes a second of a request body; 0: none.
    pub body_rate: u64,
    /// Longest time that a client may not read its response.
    pub write_timeout: Duration,
    /// Time to keep accepting once draining has begun.
    pub drain_delay: Duration,
    /// Time for requests in flight to finish after that.
    pub drain_timeout: Duration,
    /// The names that it answers to, and the web pages that may write.
    pub trust: Trust,
    /// The web pages of other origins that may read.
    pub cors: Cors,
    /// Whether the service needs the address of each request, because it counts them.
    pub counts_requests: bool,
    /// The proxies whose word for the client's address is believed.
    pub proxies: TrustedProxies,
    /// The level of the log line of a request.
    pub access_level: log::Level,
    /// Whether that line has the client's address.
    pub log_address: bool,
}

impl Limits {
    /// The limits of the API's listener.
    pub fn public(settings: &Settings) -> Self {
        let timeouts = &settings.timeouts;
        Self {
            connections: settings.limits.max_connections,
            header_timeout: timeouts.header_timeout,
            idle_timeout: timeouts.idle_timeout,
            body_timeout: timeouts.body_timeout,
            body_rate: settings.limits.min_body_rate,
            write_timeout: timeouts.write_timeout,
            drain_delay: timeouts.drain_delay,
            drain_timeout: timeouts.drain_timeout,
            trust: trust(settings, settings.listen),
            cors: Cors::new(&settings.cors_origins),
            counts_requests: settings.rate_limit.is_some(),
            proxies: TrustedProxies::new(&settings.trusted_proxies),
            access_level: log::Level::Info,
            log_address: settings.logs.log_address,
        }
    }

    /// The limits of the admin listener, with so many connections. It ends last and at once, and logs probes at a lower level.
    pub fn admin(settings: &Settings, connections: usize) -> Self {
        Self {
            connections,
            drain_delay: Duration::ZERO,
            drain_timeout: Duration::from_secs(1),
            trust: trust(settings, settings.admin_listen),
            // What it tells is the operator's alone.
            cors: Cors::default(),
            counts_requests: false,
            access_level: log::Level::Debug,
            ..Self::public(settings)
        }
    }
}

fn trust(settings: &Settings, listen: ListenAddress) -> Trust {
    Trust::new(listen, &settings.hosts, &settings.allowed_origins)
}
