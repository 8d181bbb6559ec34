//! The questions that Flash and databases are asked, in both languages, and the table that databases answer them from.
//!
//! Each is asked many times, every time for another number of rows, so that no answer is one that was remembered; of one
//! database after the other in turn with Flash, so that what one leaves in the caches is not laid at Flash's door only.
//! All answer in JSON objects.

use diesel::query_builder::SqlQuery;
use diesel::query_dsl::LoadQuery;
use diesel::sql_types::Text;
use diesel::{Connection, QueryableByName, RunQueryDsl as _};
use serde_json::Value;

use super::kept::Kept;
use super::table::{Row, Unit};
use super::turns::{median, timed};

/// How often each question is asked.
pub const TIMES: usize = 15;

/// A question in both languages.
struct Question {
    what: &'static str,
    path: String,
    /// What stands behind `FROM flights`; `place` is what tells rows of the same value apart.
    sql: String,
    limit: usize,
    /// At least so many times as fast as SQLite.
    promise: f64,
}

fn questions(tailnum: &str) -> [Question; 4] {
    [
        Question {
            what: "`dest=eq.LAX&limit=100`",
            path: "dest=eq.LAX".to_owned(),
            sql: "WHERE dest = 'LAX'".to_owned(),
            limit: 100,
            promise: 1.0,
        },
        Question {
            what: "`tailnum=eq.…`, selective",
            path: format!("tailnum=eq.{tailnum}"),
            sql: format!("WHERE tailnum = '{tailnum}'"),
            limit: 1000,
            promise: 5.0,
        },
        Question {
            what: "`distance=gt.4900&order=dep_delay.desc&limit=10`",
            path: "distance=gt.4900&order=dep_delay.desc".to_owned(),
            sql: "WHERE distance > 4900 ORDER BY dep_delay DESC NULLS FIRST, place".to_owned(),
            limit: 10,
            promise: 1.0,
        },
        Question {
            what: "`order=arr_delay.desc&limit=100`",
            path: "order=arr_delay.desc".to_owned(),
            sql: "ORDER BY arr_delay DESC NULLS FIRST, place".to_owned(),
            limit: 100,
            promise: 1.0,
        },
    ]
}

/// The columns of a dataset, each with the type that it has in a table.
pub struct Columns(Vec<(String, &'static str)>);

impl Columns {
    /// Those of that dataset.
    pub fn of(connection: &mut Kept, dataset: &str) -> Self {
        let described = connection.json(&format!("/datasets/{dataset}"));
        let columns = described["columns"].as_array().expect("columns");
        let typed = columns.iter().map(|column| {
            let kind = match column["type"].as_str() {
                Some("integer") => "bigint",
                Some("number") => "double precision",
                _ => "text",
            };
            (column["name"].as_str().expect("a name").to_owned(), kind)
        });
        Self(typed.collect())
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// The statement that makes the table that is asked, in the words of all databases.
    pub fn create(&self) -> String {
        let columns = self
            .0
            .iter()
            .map(|(name, kind)| format!("\"{name}\" {kind}"));
        format!(
            "CREATE TABLE flights ({})",
            columns.collect::<Vec<_>>().join(", ")
        )
    }

    /// A row as a JSON object, by SQLite.
    fn object(&self) -> String {
        let pairs = self.names().map(|name| format!("'{name}', \"{name}\""));
        format!("json_object({})", pairs.collect::<Vec<_>>().join(", "))
    }
}

/// What a database is called, and what differs in what it is asked.
#[derive(Clone, Copy, PartialEq)]
pub enum Database {
    Sqlite,
    DuckDb,
    Postgres,
}

impl Database {
    fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::DuckDb => "DuckDB",
            Self::Postgres => "PostgreSQL",
        }
    }

    fn sql(self, question: &Question, limit: usize, columns: &Columns) -> String {
        let place = if self == Self::Postgres {
            "ctid"
        } else {
            "rowid"
        };
        let which = question.sql.replace("place", place);
        match self {
            Self::Sqlite => {
                let object = columns.object();
                format!("SELECT {object} AS row FROM flights {which} LIMIT {limit}")
            }
            // Made of the rows that are found only.
            Self::DuckDb | Self::Postgres => format!(
                "SELECT to_json(found)::text AS row FROM (SELECT * FROM flights {which} LIMIT {limit}) AS found"
            ),
        }
    }
}

/// A database that can be asked in SQL.
pub struct Baseline {
    pub database: Database,
    pub ask: Box<dyn FnMut(&str) -> Found>,
}

/// What a database found.
pub struct Found {
    /// The milliseconds that it took.
    pub took: f64,
    /// How many JSON objects it was.
    pub objects: usize,
}

/// All questions about that dataset, a row for each and each of the databases; promised is what is to hold against SQLite.
pub fn ask(
    connection: &mut Kept,
    dataset: &str,
    columns: &Columns,
    baselines: &mut [Baseline],
) -> Vec<Row> {
    let first = connection.json(&format!("/datasets/{dataset}/rows?limit=1"));
    let tailnum = first["data"][0]["tailnum"].as_str().expect("a text");
    let mut rows = Vec::new();
    for question in questions(tailnum) {
        let mut limits = question.limit..;
        for baseline in &mut *baselines {
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            for limit in limits.by_ref().take(TIMES) {
                let path = format!("/datasets/{dataset}/rows?{}&limit={limit}", question.path);
                let (took, answer) = timed(|| connection.get(&path));
                ours.push(took);
                let sql = baseline.database.sql(&question, limit, columns);
                let found = (baseline.ask)(&sql);
                theirs.push(found.took);
                let answer: Value = serde_json::from_slice(&answer).expect("JSON");
                let answer = answer["data"].as_array().expect("rows");
                assert_eq!(answer.len(), found.objects, "{path}");
            }
            let promised = baseline.database == Database::Sqlite;
            let row = Row::of(question.what, median(ours), Unit::Milliseconds)
                .against(baseline.database.name(), median(theirs))
                .times_as_fast(promised.then_some(question.promise));
            rows.push(row);
        }
    }
    rows
}

/// A row, as a JSON object.
#[derive(QueryableByName)]
pub struct Answer {
    #[diesel(sql_type = Text)]
    row: String,
}

/// Asks over a connection of diesel's.
pub fn over<C>(mut connection: C) -> Box<dyn FnMut(&str) -> Found>
where
    C: Connection + 'static,
    SqlQuery: for<'q> LoadQuery<'q, C, Answer>,
{
    Box::new(move |sql| {
        let query = diesel::sql_query(sql);
        let (took, found) = timed(|| query.load::<Answer>(&mut connection));
        let found = found.expect("the database answers");
        let objects = found.iter().filter(|answer| answer.row.starts_with('{'));
        Found {
            took,
            objects: objects.count(),
        }
    })
}
