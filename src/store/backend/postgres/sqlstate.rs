//! What errors of PostgreSQL mean, told by their SQLSTATE (postgresql.org/docs/current/errcodes-appendix.html): texts come in
//! the language of the server. How diesel comes by it is in the crate `pq-sys` of this repository.
//!
//! What libpq says by itself has no SQLSTATE, and is English always: it is compiled in, without translations.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::store::error::StoreError;

/// What an error of a statement means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Another transaction was in the way: the same again will do.
    Again,
    /// The server is away: another connection may find it.
    Away,
    /// The server takes no writes.
    ReadOnly,
    /// The statement was cancelled: by its time-out, or by somebody who runs the server.
    Cancelled,
    /// The disk is full.
    Full,
    /// Something else.
    Else,
}

/// What `error` means.
pub(super) fn meaning(error: &DieselError) -> Meaning {
    let (kind, info) = match error {
        DieselError::DatabaseError(kind, info) => (kind, info),
        DieselError::RollbackErrorOnCommit { commit_error, .. } => return meaning(commit_error),
        DieselError::BrokenTransactionManager => return Meaning::Away,
        _ => return Meaning::Else,
    };
    match info.hint().map_or(Meaning::Else, of_state) {
        Meaning::Else if is_of_lost_connection(kind) => Meaning::Away,
        meaning => meaning,
    }
}

fn is_of_lost_connection(kind: &DatabaseErrorKind) -> bool {
    matches!(
        kind,
        DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand
    )
}

fn of_state(state: &str) -> Meaning {
    match state {
        // serialization_failure, deadlock_detected
        "40001" | "40P01" => Meaning::Again,
        // read_only_sql_transaction
        "25006" => Meaning::ReadOnly,
        // query_canceled
        "57014" => Meaning::Cancelled,
        // disk_full
        "53100" => Meaning::Full,
        // too_many_connections, idle_in_transaction_session_timeout
        "53300" | "25P03" => Meaning::Away,
        // operator_intervention: the server stops, starts or drops the database; connection_exception
        _ if state.starts_with("57P") || state.starts_with("08") => Meaning::Away,
        _ => Meaning::Else,
    }
}

/// The store's error for one of a PostgreSQL statement; and whether the connection is to be used no more.
pub(crate) fn explain(error: StoreError) -> (StoreError, bool) {
    let StoreError::Database(source) = error else {
        return (error, false);
    };
    let lost = match &source {
        DieselError::DatabaseError(kind, _) => is_of_lost_connection(kind),
        DieselError::RollbackErrorOnCommit { .. } => true,
        _ => false,
    };
    match meaning(&source) {
        Meaning::Away => (StoreError::Away(Box::new(source)), true),
        // The next connection may be one to a server that takes writes.
        Meaning::ReadOnly => (StoreError::ReadOnly(source), true),
        Meaning::Cancelled => (StoreError::Busy("a statement"), lost),
        Meaning::Full => (StoreError::Full(source), lost),
        Meaning::Again | Meaning::Else => (StoreError::Database(source), lost),
    }
}

/// Whether what libpq says of a connection that did not come about may be otherwise in a moment. Where there are several
/// hosts it says something of each, and one of them is enough.
pub(super) fn is_passing(text: &str) -> bool {
    let mut attempts = text.split("connection to server").peekable();
    // What comes before the first is empty, unless it is all that there is.
    let before = attempts.next().unwrap_or_default();
    if attempts.peek().is_none() {
        return attempt_is_passing(before);
    }
    attempts.any(attempt_is_passing)
}

fn attempt_is_passing(text: &str) -> bool {
    match state_in(text) {
        // Who we are, what we ask for and what we may do is not otherwise by itself.
        Some(state) => !["0A", "22", "28", "3D", "42"].contains(&&state[..2]),
        None => {
            let lasting = ["certificate", "SSL", "invalid", "no password supplied"];
            text.contains("SSL SYSCALL") || !lasting.iter().any(|phrase| text.contains(phrase))
        }
    }
}

/// The SQLSTATE in what libpq says of a connection: a severity, a colon and two spaces, the SQLSTATE and a colon.
fn state_in(text: &str) -> Option<&str> {
    let is_state = |state: &str| {
        state
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
    };
    text.match_indices(":  ").find_map(|(at, colon)| {
        let rest = text.get(at + colon.len()..)?;
        let state = rest.get(..5)?;
        (is_state(state) && rest[5..].starts_with(": ")).then_some(state)
    })
}

/// The same without the line of the server's source that belongs to a SQLSTATE.
pub(super) fn without_location(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with("LOCATION:"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Whether libpq found servers, and none that takes writes.
pub(super) fn is_read_only(text: &str) -> bool {
    text.contains("session is read-only")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(state: &str) -> String {
        format!(
            "connection to server at \"10.0.0.1\", port 5432 failed: FATAL:  {state}: Das ging nicht\n\
             LOCATION:  InitPostgres, postinit.c:825\n"
        )
    }

    #[test]
    fn a_refusal_is_told_by_its_sqlstate_in_any_language() {
        for passing in ["53300", "57P03", "57P01", "08006", "XX000"] {
            assert!(is_passing(&refused(passing)), "{passing}");
        }
        for lasting in ["28P01", "28000", "3D000", "42501"] {
            assert!(!is_passing(&refused(lasting)), "{lasting}");
            // A second host that may come back is reason enough to wait.
            let other =
                "connection to server at \"10.0.0.2\", port 5432 failed: Connection refused\n";
            assert!(is_passing(&format!("{}{other}", refused(lasting))));
            assert!(!is_passing(&format!("{0}{0}", refused(lasting))));
        }
    }

    #[test]
    fn what_libpq_says_by_itself_is_lasting_where_only_the_address_can_mend_it() {
        assert!(is_passing(
            "could not translate host name \"db\" to address: Try again"
        ));
        assert!(!is_passing("invalid connection option \"x\""));
        let failed = |why: &str| format!("connection to server at \"db\", port 5432 failed: {why}");
        assert!(is_passing(&failed("timeout expired")));
        assert!(is_passing(&failed("SSL SYSCALL error: EOF detected")));
        assert!(!is_passing(&failed("SSL error: certificate verify failed")));
        assert!(!is_passing(&failed("fe_sendauth: no password supplied")));
    }
}
