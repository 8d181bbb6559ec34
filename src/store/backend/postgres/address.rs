//! Where a PostgreSQL server is, and what libpq is told beside what the address says.

/// Which of several servers is taken: unless the address says otherwise the one that takes writes.
const WANTED: &str = "target_session_attrs";

/// What libpq is told unless the address says otherwise: to notice a peer that is gone.
const DEFAULTS: &[(&str, &str)] = &[
    ("application_name", "flash"),
    ("connect_timeout", "5"),
    ("keepalives_idle", "10"),
    ("keepalives_interval", "5"),
    ("keepalives_count", "2"),
    ("tcp_user_timeout", "10000"),
];

/// Where a PostgreSQL server is.
#[derive(Clone)]
pub struct PostgresAddress {
    /// The whole address, with its secrets: `postgres://user:password@host/database?…`.
    pub url: String,
    /// The address without its secrets.
    pub shown: String,
    /// What must never be shown, as it may come back in an error of libpq.
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
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Whether the address says which of several servers is taken.
    pub(super) fn chooses(&self) -> bool {
        self.has(WANTED)
    }

    fn has(&self, parameter: &str) -> bool {
        let query = self.url.split_once('?').map_or("", |(_, query)| query);
        query
            .split('&')
            .any(|pair| pair.split('=').next() == Some(parameter))
    }

    /// The address with what it leaves open; `wanted` is the server that is taken.
    pub(super) fn complete(&self, wanted: &str) -> String {
        let mut url = self.url.trim_end_matches('?').to_owned();
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

    /// `sslrootcert=system` as the file where this system has its root certificates: the OpenSSL that is compiled in
    /// does not know. As with libpq, it asks for the strictest check.
    fn with_system_roots(&self, url: String) -> String {
        if !url.contains("sslrootcert=system") {
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
                if url.contains("sslmode=") {
                    url
                } else {
                    format!("{url}&sslmode=verify-full")
                }
            }
            None => url,
        }
    }
}
