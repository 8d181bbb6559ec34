//! "How to get this": what a program writes to get the rows of a page, and the headers that came back.

use http::HeaderMap;

use super::inner::accept;
use super::table::Rows;
use super::text::with_query;
use super::view::View;
use crate::api::request::REQUEST_ID;

/// The name of what gets Parquet.
const PARQUET: &str = "Parquet";

/// What programs write.
pub(super) struct Snippets {
    /// A name and a text each.
    pub(super) all: Vec<(&'static str, String)>,
    pub(super) request: String,
    pub(super) response: String,
}

impl Snippets {
    /// What gets the rows of a page, for a visitor who reaches the server at `origin`, with or without a key.
    pub(super) fn of(origin: &str, has_key: bool, name: &str, rows: &Rows) -> Self {
        let accept = accept(super::DATA).unwrap_or_default();
        let path = format!("/datasets/{name}/rows");
        let target = with_query(&path, &rows.asked.query());
        let url = format!("{origin}{target}");
        let csv = csv(&rows.asked);
        let csv_url = format!("{origin}{}", with_query(&path, &csv.query()));
        let sheet = csv.with("safe", Some("spreadsheet"));
        let sheet_url = format!("{origin}{}", with_query(&path, &sheet.query()));
        Self {
            all: vec![
                ("curl", curl(&url, &accept, has_key)),
                ("Python", python(&url, &csv_url, &accept, has_key)),
                ("JavaScript", javascript(&url, &accept, has_key)),
                (
                    "R",
                    format!("rows <- read.csv(\"{}\")", with_user(&csv_url, has_key)),
                ),
                (PARQUET, parquet(origin, name, &rows.asked, has_key)),
                (
                    "Spreadsheet",
                    format!("=IMPORTDATA(\"{}\")", with_user(&sheet_url, has_key)),
                ),
            ],
            request: format!("GET {target}\nAccept: {accept}"),
            response: format!("200 OK\n{}", lines(&rows.headers)),
        }
    }
}

impl Snippets {
    /// What gets the groups of a page. They are no rows of a revision, so there is no Parquet.
    pub(super) fn of_groups(origin: &str, has_key: bool, name: &str, rows: &Rows) -> Self {
        let mut snippets = Self::of(origin, has_key, name, rows);
        snippets.all.retain(|(name, _)| *name != PARQUET);
        snippets
    }
}

/// All rows of a view as CSV, for programs that can't send headers.
fn csv(asked: &View) -> View {
    asked
        .at_start()
        .with("limit", None)
        .with("version", Some("v2"))
        .with("format", Some("csv"))
}

/// The line that gets a URL.
pub(super) fn curl(url: &str, accept: &str, has_key: bool) -> String {
    let key = key(has_key);
    format!("curl -H 'Accept: {accept}'{key} '{url}'")
}

/// The argument of curl that sends the visitor's key.
fn key(has_key: bool) -> &'static str {
    match has_key {
        true => " -H \"Authorization: Bearer $FLASH_KEY\"",
        false => "",
    }
}

fn python(url: &str, csv_url: &str, accept: &str, has_key: bool) -> String {
    let (import, key) = match has_key {
        true => (
            "import os\n\n",
            ",\n    \"Authorization\": \"Bearer \" + os.environ[\"FLASH_KEY\"]",
        ),
        false => ("", ""),
    };
    format!(
        "{import}import pandas\nimport requests\n\nheaders = {{\n    \"Accept\": \"{accept}\"{key}\n}}\nrows = requests.get(\n    \"{url}\",\n    \
         headers=headers,\n).json()[\"data\"]\n\n# Or all of them as a table:\ntable = pandas.read_csv(\n    \"{}\"\n)",
        with_user(csv_url, has_key)
    )
}

/// The lines that download all rows as Parquet, and read them.
fn parquet(origin: &str, name: &str, asked: &View, has_key: bool) -> String {
    let all = asked.of_all_rows();
    let query = all
        .with("version", Some("v2"))
        .with("format", Some("parquet"));
    let url = format!(
        "{origin}{}",
        with_query(&format!("/datasets/{name}/rows"), &query.query())
    );
    let key = key(has_key);
    format!(
        "curl -o {name}.parquet{key} '{url}'\n\n# It has all rows. In Python:\npandas.read_parquet(\"{name}.parquet\")\n\n# In DuckDB:\nFROM '{name}.parquet';"
    )
}

fn javascript(url: &str, accept: &str, has_key: bool) -> String {
    let key = match has_key {
        true => ",\n    Authorization: `Bearer ${key}`",
        false => "",
    };
    format!(
        "const response = await fetch(\"{url}\", {{\n  headers: {{\n    Accept: \"{accept}\"{key}\n  }}\n}});\nconst {{ data }} = await response.json();"
    )
}

/// The URL with a place for the key, for programs that can't send headers.
fn with_user(url: &str, has_key: bool) -> String {
    match has_key {
        true => url.replacen("://", "://any:YOUR_KEY@", 1),
        false => url.to_owned(),
    }
}

/// Headers, a line each. The id of a request is the server's, and another one each time.
fn lines(headers: &HeaderMap) -> String {
    let headers = headers.iter().filter(|(name, _)| *name != REQUEST_ID);
    let lines = headers.map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        format!("{name}: {value}")
    });
    lines.collect::<Vec<_>>().join("\n")
}
