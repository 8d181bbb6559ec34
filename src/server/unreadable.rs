//! Explains what is wrong with a request head that hyper can't read.
//!
//! hyper answers such a head with a status alone. So the socket keeps the beginning of each head until hyper has read it, and
//! this module examines the few unreadable ones.

use bytes::Bytes;
use http::{HeaderValue, StatusCode, Uri, header::ORIGIN};

use super::{
    cors::Cors,
    refusal::{Refusal, transfer_coding},
    request_id,
};

/// Most headers that hyper reads.
const MOST_HEADERS: usize = 100;

/// First bytes of a TLS connection: a handshake of version 3.x.
const TLS: &[u8] = &[22, 3];

/// The answer that replaces hyper's own answer to `head`, which begins with `answer`. `None` if that is not such an answer.
pub(super) fn answer(head: &[u8], answer: &[u8], cors: &Cors) -> Option<Bytes> {
    let status = answer.strip_prefix(b"HTTP/1.1 ")?.get(..3)?;
    let status = StatusCode::from_bytes(status).ok()?;
    if !status.is_client_error() {
        return None;
    }
    let refusal = why(head, status);
    let id = request_id::new();
    let id = id.to_str().unwrap_or_default();
    log::debug!(id = id; "the head of a request is unreadable: {refusal}");
    let text = String::from_utf8_lossy(answer);
    let date = text.lines().find(|line| line.starts_with("date: "));
    let grant = cors.grant(origin(head).as_ref());
    Some(refusal.whole(id, date, head.starts_with(b"HEAD "), grant))
}

/// The origin that a head names, if that part of it was kept.
pub(super) fn origin(head: &[u8]) -> Option<HeaderValue> {
    let mut lines = head.split(|&byte| byte == b'\n');
    let value = lines.find_map(|line| {
        let (name, value) = line.split_at_checked(ORIGIN.as_str().len() + 1)?;
        let (name, colon) = name.split_at(ORIGIN.as_str().len());
        let is_origin = name.eq_ignore_ascii_case(ORIGIN.as_str().as_bytes()) && colon == b":";
        is_origin.then(|| value.trim_ascii())
    });
    HeaderValue::from_bytes(value?).ok()
}

/// Why hyper answered `head` with `status`. `head` is the part that was kept, maybe nothing.
pub(super) fn why(head: &[u8], status: StatusCode) -> Refusal {
    let start = head.iter().position(|byte| !b"\r\n".contains(byte));
    let head = &head[start.unwrap_or(head.len())..];
    let (status, what) = match status {
        StatusCode::URI_TOO_LONG => (
            status,
            "the path and query of the request are longer than 65534 bytes: make them shorter".to_owned(),
        ),
        _ => match diagnose(head) {
            Some(Ok(found)) => found,
            Some(Err(refusal)) => return refusal,
            None if status == StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => (
                status,
                "the request's head is larger than 128 KiB: send fewer or shorter headers".to_owned(),
            ),
            None => (
                status,
                "the request's head isn't valid HTTP/1.1: it begins with METHOD /PATH HTTP/1.1, each header is a name, a colon \
                 and a value on a line of its own, and Content-Length is one number"
                    .to_owned(),
            ),
        },
    };
    Refusal::Unreadable(status, what)
}

/// The mistake that the head itself shows.
fn diagnose(head: &[u8]) -> Option<Result<(StatusCode, String), Refusal>> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let bad = |what: &str| Some(Ok((StatusCode::BAD_REQUEST, what.to_owned())));
    match request.parse(head) {
        Ok(httparse::Status::Complete(_)) => fields(&request),
        Ok(httparse::Status::Partial) => None,
        Err(httparse::Error::Token) if request.method.is_none() && head.starts_with(TLS) => bad(
            "this is TLS, and the server speaks plain HTTP: call it with http://, or through a proxy that ends TLS",
        ),
        Err(httparse::Error::Token) if request.method.is_none() => {
            bad("the request doesn't begin with a method such as GET")
        }
        Err(httparse::Error::Token) => target(head),
        Err(httparse::Error::Version) => {
            bad("the request's first line doesn't end with HTTP/1.1 or HTTP/1.0")
        }
        Err(httparse::Error::HeaderName) => bad(
            "a header's name is empty, or has a space or another character that isn't allowed in names",
        ),
        Err(httparse::Error::HeaderValue) => bad("a header's value has a control character"),
        Err(httparse::Error::NewLine) => {
            bad("a line of the request's head doesn't end with CR and LF")
        }
        Err(httparse::Error::TooManyHeaders) => Some(Ok((
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            format!("the request has more than {MOST_HEADERS} headers: send fewer"),
        ))),
        Err(httparse::Error::Status) => None,
    }
}

/// The mistake in a well-formed head that hyper refuses.
fn fields(request: &httparse::Request<'_, '_>) -> Option<Result<(StatusCode, String), Refusal>> {
    let path = request.path.unwrap_or_default();
    if path.parse::<Uri>().is_err() {
        return target_of(path.as_bytes());
    }
    let values = |name: &str| {
        let named = request.headers.iter();
        let named = named.filter(move |header| header.name.eq_ignore_ascii_case(name));
        named.map(|header| header.value).collect::<Vec<_>>()
    };
    let codings = values("transfer-encoding");
    if !codings.is_empty() && request.version == Some(0) {
        let what = "HTTP/1.0 has no Transfer-Encoding: send Content-Length, or use HTTP/1.1";
        return Some(Ok((StatusCode::BAD_REQUEST, what.to_owned())));
    }
    if !codings.is_empty() {
        return Some(Err(transfer_coding(&codings)));
    }
    let lengths = values("content-length");
    let is_number = |value: &&[u8]| !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    let (status, what) = if !lengths.iter().all(is_number) {
        (
            StatusCode::BAD_REQUEST,
            "Content-Length is not a number of bytes: send decimal digits only",
        )
    } else if lengths.windows(2).any(|pair| pair[0] != pair[1]) {
        (
            StatusCode::BAD_REQUEST,
            "the request has Content-Length more than once, with different numbers: send it once",
        )
    } else if lengths.is_empty() {
        return None;
    } else {
        (
            StatusCode::PAYLOAD_TOO_LARGE,
            "Content-Length is too large a number",
        )
    };
    Some(Ok((status, what.to_owned())))
}

/// The mistake in the target of a head.
fn target(head: &[u8]) -> Option<Result<(StatusCode, String), Refusal>> {
    let target = head.split(|byte| *byte == b' ').nth(1)?;
    target_of(target)
}

fn target_of(target: &[u8]) -> Option<Result<(StatusCode, String), Refusal>> {
    let what = if target.starts_with(b"/") {
        let byte = first_bad(target)?;
        let shown = match byte {
            0x21..=0x7e => format!("the character {}", char::from(byte)),
            _ => format!("the byte 0x{byte:02X}"),
        };
        format!(
            "the path or query of the request has {shown}, which must be written as %{byte:02X}"
        )
    } else {
        "the target of the request is neither a path that begins with a slash nor a URL".to_owned()
    };
    Some(Ok((StatusCode::BAD_REQUEST, what)))
}

/// The first byte that a path or query can't have.
fn first_bad(target: &[u8]) -> Option<u8> {
    let (mut good, mut bad) = (1, target.len());
    if bad == 0 || Uri::try_from(target).is_ok() {
        return None;
    }
    while bad - good > 1 {
        let middle = good.midpoint(bad);
        match Uri::try_from(&target[..middle]) {
            Ok(_) => good = middle,
            Err(_) => bad = middle,
        }
    }
    target.get(bad - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn told(head: &str, status: u16, expected: (u16, &str)) {
        let refusal = why(head.as_bytes(), StatusCode::from_u16(status).unwrap());
        assert_eq!(refusal.status().as_u16(), expected.0, "{head:?}: {refusal}");
        let text = refusal.to_string();
        assert!(text.contains(expected.1), "{head:?}: {text}");
    }

    #[test]
    fn what_is_wrong_with_a_head_is_told() {
        for (head, expected) in [
            (
                "GET /a?b=\"c HTTP/1.1\r\nHost: a\r\n\r\n",
                (400, "the character \", which must be written as %22"),
            ),
            ("\r\nGET /a?b=<c HTTP/1.1\r\nHost: a\r\n\r\n", (400, "%3C")),
            (
                "GET /a\u{1}b HTTP/1.1\r\nHost: a\r\n\r\n",
                (400, "the byte 0x01"),
            ),
            (
                "GET a/b HTTP/1.1\r\nHost: a\r\n\r\n",
                (400, "neither a path"),
            ),
            ("GET / HTTP/3.0\r\nHost: a\r\n\r\n", (400, "HTTP/1.1")),
            (
                "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
                (400, "doesn't end with HTTP/1.1"),
            ),
            ("\u{16}\u{3}\u{1}\u{2}", (400, "TLS")),
            ("{\"a\":1}", (400, "begin with a method")),
            ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", (400, "header's name")),
            (
                "GET / HTTP/1.1\r\nHost: a\u{1}\r\n\r\n",
                (400, "control character"),
            ),
            (
                "POST / HTTP/1.1\r\nContent-Length: ten\r\n\r\n",
                (400, "not a number"),
            ),
            (
                "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
                (400, "not a number"),
            ),
            (
                "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                (400, "more than once"),
            ),
            (
                "POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
                (501, "\"gzip\""),
            ),
            (
                "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: br\r\n\r\n",
                (501, "chunked, br"),
            ),
            (
                "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
                (400, "HTTP/1.0"),
            ),
            ("", (400, "METHOD /PATH")),
        ] {
            told(head, 400, expected);
        }
        let length = "POST / HTTP/1.1\r\nContent-Length: 18446744073709551615\r\n\r\n";
        told(length, 431, (413, "Content-Length"));
        told("POST / HTTP/1.1\r\nFiller: x", 431, (431, "128 KiB"));
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(101));
        told(&many, 431, (431, "100 headers"));
        told("GET /", 414, (414, "65534"));
    }

    #[test]
    fn a_long_target_is_looked_at_in_a_few_steps() {
        let target = format!("/?{}\"{}", "a".repeat(2000), "b".repeat(2000));
        assert_eq!(first_bad(target.as_bytes()), Some(b'"'));
        assert_eq!(first_bad(b"/"), None);
        assert_eq!(first_bad(b"/\""), None);
        assert_eq!(first_bad(b"/?\""), Some(b'"'));
    }
}
