//! Transactions of other sessions.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::sql_types::Text;

/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// Every transaction holds a lock on its own virtual id until it ends, and everyone may see these locks.
const RUNNING: &str = "SELECT l.virtualtransaction FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid \
    WHERE l.locktype = 'virtualxid' AND l.granted AND l.pid <> pg_backend_pid() AND a.datname = current_database() \
    AND a.backend_type IS DISTINCT FROM 'autovacuum worker'";

#[derive(QueryableByName)]
struct Running {
    #[diesel(sql_type = Text)]
    virtualtransaction: String,
}

/// Waits until every transaction that runs now has ended, at most `patience`. `false`: one has not. Blocks the thread.
pub(crate) fn outlast_others(server: &mut PgConnection, patience: Duration) -> QueryResult<bool> {
    let began = Instant::now();
    let mut left = running(server)?;
    while !left.is_empty() {
        if began.elapsed() > patience {
            return Ok(false);
        }
        std::thread::sleep(PAUSE);
        let now = running(server)?;
        left.retain(|one| now.contains(one));
    }
    Ok(true)
}

fn running(server: &mut PgConnection) -> QueryResult<HashSet<String>> {
    let found: Vec<Running> = diesel::sql_query(RUNNING).load(server)?;
    let ids = found.into_iter();
    Ok(ids.map(|one| one.virtualtransaction).collect())
}
