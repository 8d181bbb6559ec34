//! Classifies errors of PostgreSQL by SQLSTATE (postgresql.org/docs/current/errcodes-appendix.html), because their texts are in the
//! language of the server. The crate `pq-sys` of this repository makes the SQLSTATE available.
//!
//! Errors of libpq itself have no SQLSTATE. Their texts are always English, because libpq is compiled in without translations.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::store::error::StoreError;

/// What to do if sessions have other prepared statements than their connections prepared.
pub(super) const ADVICE: &str =
    "if a pooler in transaction mode is in between, add pooler=transaction to the address";

/// The kind of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The transaction collided with another one: repeat it.
    Again,
    /// The server is away: a new connection may work.
    Away,
    /// The server is read-only.
    ReadOnly,
    /// The statement was cancelled: by its time-out, or by the server's operator.
    Cancelled,
    /// The disk is full.
    Full,
    /// The session has other prepared statements than this connection prepared.
    OtherSession,
    /// Something else.
    Else,
}

/// The kind of `error`.
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
        // invalid_sql_statement_name, duplicate_prepared_statement
        "26000" | "42P05" => Meaning::OtherSession,
        // too_many_connections, idle_in_transaction_session_timeout
        "53300" | "25P03" => Meaning::Away,
        // operator_intervention: the server stops, starts or drops the database; connection_exception
        _ if state.starts_with("57P") || state.starts_with("08") => Meaning::Away,
        _ => Meaning::Else,
    }
}

/// Whether a write failed only because it collided with another one.
pub(crate) fn may_repeat(error: &StoreError) -> bool {
    match error {
        StoreError::Again => true,
        StoreError::Database(error) => meaning(error) == Meaning::Again,
        _ => false,
    }
}

/// The store's error for an error of a statement, and whether the connection must be dropped.
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
        // The next connection may be to a server that accepts writes.
        Meaning::ReadOnly => (StoreError::ReadOnly(source), true),
        Meaning::Cancelled => (StoreError::Busy("a statement"), lost),
        Meaning::Full => (StoreError::Full(source), lost),
        Meaning::OtherSession => (StoreError::Away(format!("{source}; {ADVICE}").into()), true),
        Meaning::Again | Meaning::Else => (StoreError::Database(source), lost),
    }
}

/// Whether a retry may help after libpq failed to connect. The text has a message for each host, and one that may recover is enough.
pub(super) fn is_passing(text: &str) -> bool {
    let mut attempts = text.split("connection to server").peekable();
    // The text before the first message is empty, unless it is the only one.
    let before = attempts.next().unwrap_or_default();
    if attempts.peek().is_none() {
        return attempt_is_passing(before);
    }
    attempts.any(attempt_is_passing)
}

fn attempt_is_passing(text: &str) -> bool {
    match state_in(text) {
        // Wrong credentials, databases and rights don't change by themselves.
        Some(state) => !["0A", "22", "28", "3D", "42"].contains(&&state[..2]),
        None => {
            let lasting = ["certificate", "SSL", "invalid", "no password supplied"];
            text.contains("SSL SYSCALL") || !lasting.iter().any(|phrase| text.contains(phrase))
        }
    }
}

/// The SQLSTATE in a message of libpq: it follows a severity, a colon and two spaces, and a colon follows it.
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

/// The message without the line about the server's source, which comes with a SQLSTATE.
pub(super) fn without_location(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with("LOCATION:"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Whether libpq found only read-only servers.
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
            // The second host may come back.
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
