//! The server that the behavioural suite runs on, with a template that has Flash's schema; both are made when first needed.

use std::env;
use std::path::Path;
use std::sync::OnceLock;

use uuid::Uuid;

use crate::cluster;
use crate::cluster::pooler::{self, Pooler};
use crate::database::{self, execute, with_database};
use crate::process::flash;
use crate::servers;

/// Where a PostgreSQL server comes from.
#[derive(Clone, Debug)]
pub enum Origin {
    /// Whoever started the tests named one.
    Given(String),
    /// It is started here.
    Own,
}

impl Origin {
    /// The one there is, or why there is none.
    pub fn find() -> Result<Self, String> {
        match env::var(database::URL) {
            Ok(url) => Ok(Self::Given(url)),
            Err(_) => cluster::available().map(|()| Self::Own),
        }
    }
}

impl Origin {
    /// Why there is no pooler before it, if there is none.
    pub fn refuses_pooler(&self) -> Option<String> {
        match self {
            Self::Given(_) => Some(format!(
                "a pooler is started before a cluster of the tests only, and {} names another server",
                database::URL
            )),
            Self::Own => pooler::available().err(),
        }
    }
}

/// A server and its template, once somebody asks for them.
pub struct Postgres {
    origin: Result<Origin, String>,
    ready: OnceLock<Template>,
    pooler: OnceLock<Pooler>,
}

/// A database that has the schema. It goes when it is dropped.
pub struct Template {
    pub server: String,
    pub name: String,
}

impl Postgres {
    pub fn new(origin: Result<Origin, String>) -> Self {
        Self {
            origin,
            ready: OnceLock::new(),
            pooler: OnceLock::new(),
        }
    }

    /// The port of a pooler before the server, which is started when it is first asked for.
    pub fn pooler(&self) -> u16 {
        let start = || Pooler::start(servers::cluster());
        self.pooler.get_or_init(start).port
    }

    /// The template, which is made when it is first asked for.
    pub fn template(&self) -> Result<&Template, String> {
        let origin = self.origin.clone()?;
        Ok(self.ready.get_or_init(|| Template::make(origin)))
    }
}

impl Template {
    fn make(origin: Origin) -> Self {
        let server = match origin {
            Origin::Given(url) => url,
            Origin::Own => servers::cluster().url("postgres"),
        };
        let run = Uuid::now_v7().simple().to_string();
        // Only the last digits are random. A name has at most 63 bytes, and each copy's has another such number.
        let name = format!("flash_test_{}", &run[20..]);
        execute(&server, &format!("CREATE DATABASE {name}"));
        let template = Self { server, name };
        template.migrate();
        template
    }

    fn migrate(&self) {
        let url = with_database(&self.server, &self.name);
        let output = flash(Path::new("."), &["migrate", "--database", &url]);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "flash migrate: {error}");
    }
}

impl Drop for Template {
    fn drop(&mut self) {
        let remove = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        execute(&self.server, &remove);
    }
}
