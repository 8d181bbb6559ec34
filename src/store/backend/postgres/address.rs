//! The address of a PostgreSQL server, and the parameters of libpq that Flash adds to it.

use super::sqlstate::ADVICE;

/// The parameter that chooses among several servers. By default Flash wants the one that accepts writes.
const WANTED: &str = "target_session_attrs";

/// The parameter that says in which mode a pooler is between Flash and the server. It is Flash's own: libpq doesn't know it.
const POOLER: &str = "pooler";

/// Default parameters of libpq, with which it notices a peer that is gone.
const DEFAULTS: &[(&str, &str)] = &[
    ("application_name", "flash"),
    ("connect_timeout", "5"),
    ("keepalives_idle", "10"),
    ("keepalives_interval", "5"),
    ("keepalives_count", "2"),
    ("tcp_user_timeout", "10000"),
];

/// The address of a PostgreSQL server.
#[derive(Clone)]
pub struct PostgresAddress {
    /// The whole address, with its secrets: `postgres://user:password@host/database?…`.
    pub url: String,
    /// The address without its secrets.
    pub shown: String,
    /// The secrets, which an error of libpq may contain.
    pub secrets: Vec<String>,
}

impl std::fmt::Debug for PostgresAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown)
    }
}

impl PostgresAddress {
    /// `text` on one line and without the secrets.
    pub(super) fn scrub(&self, text: &str) -> String {
        let secrets = self.secrets.iter().filter(|secret| !secret.is_empty());
        let text = secrets.fold(text.to_owned(), |text, secret| text.replace(secret, "…"));
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        // A pooler that gives each transaction another session of the server mixes up the statements that sessions prepare.
        match text.contains("__diesel_stmt_") {
            true => format!("{text}; {ADVICE}"),
            false => text,
        }
    }

    /// Whether a pooler is in between that gives each transaction another session of the server. Then nothing may depend on the session.
    pub(crate) fn is_pooled(&self) -> bool {
        self.parameter(POOLER) == Some("transaction")
    }

    /// Whether the address chooses among several servers.
    pub(super) fn chooses(&self) -> bool {
        self.has(WANTED)
    }

    fn has(&self, parameter: &str) -> bool {
        self.parameter(parameter).is_some()
    }

    /// The value of a parameter, as it is written.
    fn parameter(&self, name: &str) -> Option<&str> {
        let query = self.url.split_once('?').map_or("", |(_, query)| query);
        query.split('&').find_map(|pair| {
            let (found, value) = pair.split_once('=').unwrap_or((pair, ""));
            (found == name).then_some(value)
        })
    }

    /// The address without a parameter.
    fn without(&self, name: &str) -> String {
        let (place, query) = self.url.split_once('?').unwrap_or((&self.url, ""));
        let others = query.split('&').filter(|pair| {
            let found = pair.split_once('=').map_or(*pair, |(found, _)| found);
            !found.is_empty() && found != name
        });
        let others: Vec<&str> = others.collect();
        match others.is_empty() {
            true => place.to_owned(),
            false => format!("{place}?{}", others.join("&")),
        }
    }

    /// The address with Flash's defaults; `wanted` is the kind of server.
    pub(super) fn complete(&self, wanted: &str) -> String {
        let mut url = self.without(POOLER);
        let mut separator = if url.contains('?') { '&' } else { '?' };
        let mut add = |name: &str, value: &str| {
            url.push(separator);
            url.push_str(name);
            url.push('=');
            url.push_str(value);
            separator = '&';
        };
        let defaults = DEFAULTS.iter().copied().chain([(WANTED, wanted)]);
        for (name, value) in defaults.filter(|(name, _)| !self.has(name)) {
            add(name, value);
        }
        self.with_system_roots(url)
    }

    /// Whether the connection needs TLS: `sslmode` asks for it, or a server is on another machine and `sslmode` doesn't disable it.
    pub(super) fn needs_tls(&self) -> bool {
        match self.parameter("sslmode") {
            Some("disable" | "allow" | "prefer") => false,
            Some(_) => true,
            None => !self.is_on_this_machine(),
        }
    }

    fn is_on_this_machine(&self) -> bool {
        let rest = self.url.split_once("://").map_or("", |(_, rest)| rest);
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let hosts = authority.rsplit('@').next().unwrap_or_default();
        let is_local = |host: &str| {
            let is_named = |name: &str| {
                let port = host.strip_prefix(name);
                port.is_some_and(|port| port.is_empty() || port.starts_with(':'))
            };
            // A path is a Unix socket.
            ["", "localhost", "127.0.0.1", "[::1]"]
                .into_iter()
                .any(is_named)
                || host.to_ascii_lowercase().starts_with("%2f")
        };
        !self.has("host") && !self.has("hostaddr") && hosts.split(',').all(is_local)
    }

    /// Without OpenSSL there is no TLS that the file could be for.
    #[cfg(not(feature = "tls"))]
    fn with_system_roots(&self, url: String) -> String {
        url
    }

    /// `sslrootcert=system` as the file where this system has its root certificates: the OpenSSL that is compiled in
    /// does not know. As with libpq, it asks for the strictest check.
    #[cfg(feature = "tls")]
    fn with_system_roots(&self, url: String) -> String {
        if self.parameter("sslrootcert") != Some("system") {
            return url;
        }
        match openssl_probe::probe().cert_file {
            Some(file) => {
                let file = percent_encoding::utf8_percent_encode(
                    &file.to_string_lossy(),
                    percent_encoding::NON_ALPHANUMERIC,
                )
                .to_string();
                let url = url.replace("sslrootcert=system", &format!("sslrootcert={file}"));
                if self.has("sslmode") {
                    url
                } else {
                    format!("{url}&sslmode=verify-full")
                }
            }
            None => url,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pooler_is_told_to_flash_and_not_to_libpq() {
        let address = |url: &str| PostgresAddress {
            url: url.to_owned(),
            shown: String::new(),
            secrets: Vec::new(),
        };
        let pooled = address("postgres://db/flash?sslmode=disable&pooler=transaction&user=a");
        assert!(pooled.is_pooled());
        let complete = pooled.complete("any");
        assert!(complete.starts_with("postgres://db/flash?sslmode=disable&user=a&"));
        assert!(!complete.contains("pooler"));
        let alone = address("postgres://db/flash?pooler=transaction").complete("any");
        assert!(alone.starts_with("postgres://db/flash?application_name=flash&"));
        for url in ["postgres://db/flash", "postgres://db/flash?pooler=session"] {
            assert!(!address(url).is_pooled(), "{url}");
        }
    }

    #[test]
    fn a_server_elsewhere_needs_tls_unless_the_address_gives_it_up() {
        let needs_tls = |url: &str| {
            let address = PostgresAddress {
                url: url.to_owned(),
                shown: String::new(),
                secrets: Vec::new(),
            };
            address.needs_tls()
        };
        for url in [
            "postgres://flash:a@b@db.example/flash",
            "postgres://localhost.example/flash",
            "postgres://localhost,db.example:5432/flash",
            "postgres:///flash?host=db.example",
            "postgres://localhost/flash?sslmode=require",
            "postgres://db.example?sslmode=verify-full",
        ] {
            assert!(needs_tls(url), "{url}");
        }
        for url in [
            "postgres:///flash",
            "postgres://flash@localhost:5433/flash",
            "postgres://127.0.0.1,[::1]:5432/flash",
            "postgres://%2Fvar%2Frun%2Fpostgresql/flash",
            "postgres://db.example/flash?sslmode=disable",
        ] {
            assert!(!needs_tls(url), "{url}");
        }
    }
}
