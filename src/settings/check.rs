//! Turns settings as written into settings that are consistent.

use super::{Anonymous, ServeSettings, Settings, SettingsError};

impl ServeSettings {
    /// Checks each setting, and all settings together.
    ///
    /// # Errors
    ///
    /// The first mistake, as one line that says what to write instead.
    pub fn check(self) -> Result<Settings, SettingsError> {
        let (listen, admin_listen) = (self.public.listen, self.admin.admin_listen);
        if listen.collides_with(&admin_listen) {
            return Err(SettingsError::SameAddress(listen, admin_listen));
        }
        let anonymous = match self.access.anonymous {
            Some(chosen) => chosen,
            None if listen.is_loopback() => Anonymous::ReadWrite,
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
            cors_origins: self.access.cors_origins,
            trusted_proxies: self.access.trusted_proxies,
            rate_limit: self.access.rate_limit,
            count_usage: self.access.count_usage,
            lifecycle: self.lifecycle,
            promises: self.promises,
            notify: self.notify.check()?,
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
            ("--max-groups", limits.max_groups == 0, "1"),
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
            (
                "--parquet-timeout",
                timeouts.parquet_timeout.is_zero(),
                "1ms, or 5m",
            ),
        ] {
            if zero {
                return Err(SettingsError::Zero { flag, least });
            }
        }
        Ok(())
    }
}
