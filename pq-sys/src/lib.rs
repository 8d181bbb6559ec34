//! The part of libpq that diesel uses. It replaces the crate of the same name on crates.io (`[patch.crates-io]` in Flash's Cargo.toml),
//! and differs from it in two functions, which return the SQLSTATE of errors. Flash classifies errors of PostgreSQL by SQLSTATE,
//! because their texts depend on the language of the server (`lc_messages`), and diesel 2.3 only passes on texts
//! (github.com/diesel-rs/diesel/pull/5232). Remove this crate once diesel passes on the SQLSTATE.
//!
//! - [`PQresultErrorField`] returns the SQLSTATE instead of the hint, so `DatabaseErrorInformation::hint` is the SQLSTATE.
//! - [`PQconnectdb`] connects a second time if the server refused the connection, to get the SQLSTATE. Its message then has the form
//!   `SEVERITY:  SQLSTATE: text`.

#![allow(
    non_camel_case_types,
    non_snake_case,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "the names and rules are libpq's, and its manual says what they mean"
)]

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};

// Linked, but not used by name.
use pq_src as _;

pub type Oid = c_uint;

#[repr(C)]
pub struct PGconn {
    _private: [u8; 0],
}

#[repr(C)]
pub struct PGresult {
    _private: [u8; 0],
}

#[repr(C)]
pub struct pgNotify {
    pub relname: *mut c_char,
    pub be_pid: c_int,
    pub extra: *mut c_char,
    pub next: *mut pgNotify,
}

pub type PGnotify = pgNotify;

#[repr(u32)]
#[derive(Debug, Copy, Clone, Hash, PartialEq, Eq)]
pub enum ConnStatusType {
    CONNECTION_OK = 0,
    CONNECTION_BAD = 1,
    CONNECTION_STARTED = 2,
    CONNECTION_MADE = 3,
    CONNECTION_AWAITING_RESPONSE = 4,
    CONNECTION_AUTH_OK = 5,
    CONNECTION_SETENV = 6,
    CONNECTION_SSL_STARTUP = 7,
    CONNECTION_NEEDED = 8,
    CONNECTION_CHECK_WRITABLE = 9,
    CONNECTION_CONSUME = 10,
    CONNECTION_GSS_STARTUP = 11,
    CONNECTION_CHECK_TARGET = 12,
    CONNECTION_CHECK_STANDBY = 13,
    CONNECTION_ALLOCATED = 14,
    CONNECTION_AUTHENTICATING = 15,
}

#[repr(u32)]
#[derive(Debug, Copy, Clone, Hash, PartialEq, Eq)]
pub enum ExecStatusType {
    PGRES_EMPTY_QUERY = 0,
    PGRES_COMMAND_OK = 1,
    PGRES_TUPLES_OK = 2,
    PGRES_COPY_OUT = 3,
    PGRES_COPY_IN = 4,
    PGRES_BAD_RESPONSE = 5,
    PGRES_NONFATAL_ERROR = 6,
    PGRES_FATAL_ERROR = 7,
    PGRES_COPY_BOTH = 8,
    PGRES_SINGLE_TUPLE = 9,
    PGRES_PIPELINE_SYNC = 10,
    PGRES_PIPELINE_ABORTED = 11,
    PGRES_TUPLES_CHUNK = 12,
}

#[repr(u32)]
#[derive(Debug, Copy, Clone, Hash, PartialEq, Eq)]
pub enum PGTransactionStatusType {
    PQTRANS_IDLE = 0,
    PQTRANS_ACTIVE = 1,
    PQTRANS_INTRANS = 2,
    PQTRANS_INERROR = 3,
    PQTRANS_UNKNOWN = 4,
}

pub type PQnoticeProcessor =
    Option<unsafe extern "C" fn(arg: *mut c_void, message: *const c_char)>;

unsafe extern "C" {
    pub fn PQfinish(conn: *mut PGconn);
    pub fn PQstatus(conn: *const PGconn) -> ConnStatusType;
    pub fn PQtransactionStatus(conn: *const PGconn) -> PGTransactionStatusType;
    pub fn PQerrorMessage(conn: *const PGconn) -> *mut c_char;
    pub fn PQsetNoticeProcessor(
        conn: *mut PGconn,
        proc_: PQnoticeProcessor,
        arg: *mut c_void,
    ) -> PQnoticeProcessor;

    pub fn PQexec(conn: *mut PGconn, query: *const c_char) -> *mut PGresult;
    pub fn PQprepare(
        conn: *mut PGconn,
        stmtName: *const c_char,
        query: *const c_char,
        nParams: c_int,
        paramTypes: *const Oid,
    ) -> *mut PGresult;
    pub fn PQsendQueryParams(
        conn: *mut PGconn,
        command: *const c_char,
        nParams: c_int,
        paramTypes: *const Oid,
        paramValues: *const *const c_char,
        paramLengths: *const c_int,
        paramFormats: *const c_int,
        resultFormat: c_int,
    ) -> c_int;
    pub fn PQsendQueryPrepared(
        conn: *mut PGconn,
        stmtName: *const c_char,
        nParams: c_int,
        paramValues: *const *const c_char,
        paramLengths: *const c_int,
        paramFormats: *const c_int,
        resultFormat: c_int,
    ) -> c_int;
    pub fn PQsetSingleRowMode(conn: *mut PGconn) -> c_int;
    pub fn PQgetResult(conn: *mut PGconn) -> *mut PGresult;
    pub fn PQconsumeInput(conn: *mut PGconn) -> c_int;
    pub fn PQnotifies(conn: *mut PGconn) -> *mut PGnotify;

    pub fn PQputCopyData(conn: *mut PGconn, buffer: *const c_char, nbytes: c_int) -> c_int;
    pub fn PQputCopyEnd(conn: *mut PGconn, errormsg: *const c_char) -> c_int;
    pub fn PQgetCopyData(conn: *mut PGconn, buffer: *mut *mut c_char, async_: c_int) -> c_int;

    pub fn PQresultStatus(res: *const PGresult) -> ExecStatusType;
    pub fn PQresultErrorMessage(res: *const PGresult) -> *mut c_char;
    pub fn PQntuples(res: *const PGresult) -> c_int;
    pub fn PQnfields(res: *const PGresult) -> c_int;
    pub fn PQfname(res: *const PGresult, field_num: c_int) -> *mut c_char;
    pub fn PQftype(res: *const PGresult, field_num: c_int) -> Oid;
    pub fn PQcmdTuples(res: *mut PGresult) -> *mut c_char;
    pub fn PQgetvalue(res: *const PGresult, tup_num: c_int, field_num: c_int) -> *mut c_char;
    pub fn PQgetlength(res: *const PGresult, tup_num: c_int, field_num: c_int) -> c_int;
    pub fn PQgetisnull(res: *const PGresult, tup_num: c_int, field_num: c_int) -> c_int;
    pub fn PQclear(res: *mut PGresult);
    pub fn PQfreemem(ptr: *mut c_void);
}

/// The functions of libpq that are wrapped below.
mod libpq {
    use super::{PGconn, PGresult, c_char, c_int};

    pub(super) const PQERRORS_VERBOSE: c_int = 2;
    pub(super) const PG_DIAG_SQLSTATE: c_int = b'C' as c_int;
    pub(super) const PG_DIAG_MESSAGE_HINT: c_int = b'H' as c_int;

    unsafe extern "C" {
        pub(super) fn PQconnectdb(conninfo: *const c_char) -> *mut PGconn;
        pub(super) fn PQreset(conn: *mut PGconn);
        pub(super) fn PQsetErrorVerbosity(conn: *mut PGconn, verbosity: c_int) -> c_int;
        pub(super) fn PQresultErrorField(res: *const PGresult, fieldcode: c_int) -> *mut c_char;
    }
}

/// Connects. If the server refuses, connects a second time for a message with the SQLSTATE, because libpq writes it only if it is
/// configured on an existing connection. If the second attempt succeeds, its connection is returned.
pub unsafe fn PQconnectdb(conninfo: *const c_char) -> *mut PGconn {
    // SAFETY: the caller follows the rules of PQconnectdb; the connection is used as these functions demand, by this thread
    // alone, and its message is read before anything changes it.
    unsafe {
        let conn = libpq::PQconnectdb(conninfo);
        if !conn.is_null() && PQstatus(conn) == ConnStatusType::CONNECTION_BAD {
            let message = CStr::from_ptr(PQerrorMessage(conn)).to_bytes();
            if is_of_a_server(message) {
                libpq::PQsetErrorVerbosity(conn, libpq::PQERRORS_VERBOSE);
                libpq::PQreset(conn);
            }
        }
        conn
    }
}

/// Whether a message comes from a server: libpq writes a severity, a colon and two spaces before that, in any language.
fn is_of_a_server(message: &[u8]) -> bool {
    message.windows(3).any(|three| three == b":  ")
}

/// A field of an error. The SQLSTATE takes the place of the hint.
pub unsafe fn PQresultErrorField(res: *const PGresult, fieldcode: c_int) -> *mut c_char {
    let fieldcode = match fieldcode {
        libpq::PG_DIAG_MESSAGE_HINT => libpq::PG_DIAG_SQLSTATE,
        other => other,
    };
    // SAFETY: the caller follows the rules of PQresultErrorField, which are the same for every field.
    unsafe { libpq::PQresultErrorField(res, fieldcode) }
}
