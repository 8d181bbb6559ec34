//! What one listener grants its callers.

use std::{net::SocketAddr, time::Duration};

use super::trust::Trust;
use crate::settings::Settings;

/// What one listener grants its callers, and at which level it logs their requests.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Most connections at once; at the cap no more are accepted until one ends.
    pub connections: usize,
    /// For the whole head of a request, from its first byte (on a new connection, from its start).
    pub header_timeout: Duration,
    /// For the next request on an open connection.
    pub idle_timeout: Duration,
    /// Longest pause within a request body, and how far it may fall behind `body_rate`.
    pub body_timeout: Duration,
    /// Least bytes a second of a request body; 0: none.
    pub body_rate: u64,
    /// Longest pause of a client that does not take its response.
    pub write_timeout: Duration,
    /// How long to go on accepting once draining has begun.
    pub drain_delay: Duration,
    /// For requests in flight to finish once no more are accepted.
    pub drain_timeout: Duration,
    /// Which names it answers to, and which web pages may write.
    pub trust: Trust,
    /// Level of the one line a request.
    pub access_level: log::Level,
}

impl Limits {
    /// For the listener that serves the API.
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
            access_level: log::Level::Info,
        }
    }

    /// For the listener that serves probes on so many connections: it ends last and at once, and a probe is not worth a
    /// line.
    pub fn admin(settings: &Settings, connections: usize) -> Self {
        Self {
            connections,
            drain_delay: Duration::ZERO,
            drain_timeout: Duration::from_secs(1),
            trust: trust(settings, settings.admin_listen),
            access_level: log::Level::Debug,
            ..Self::public(settings)
        }
    }
}

fn trust(settings: &Settings, listen: SocketAddr) -> Trust {
    Trust::new(listen, &settings.hosts, &settings.allowed_origins)
}
