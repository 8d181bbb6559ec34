//! The checks of every request: those that break a rule of HTTP, that come from a foreign web page, or whose target is not a path
//! (warp's path filters panic on those) must not reach the service.

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version,
    header::{EXPECT, HOST, TRANSFER_ENCODING},
    uri::Authority,
};
use http_body_util::Full;

use super::{
    cors::Cors,
    refusal::{Refusal, answer, transfer_coding},
    trust::Trust,
};

/// The answer to a request that must not reach the service, or need not: a preflight.
pub(super) fn of<B>(
    request: &Request<B>,
    trust: &Trust,
    cors: &Cors,
) -> Option<Response<Full<Bytes>>> {
    match check(request, trust, cors) {
        Ok(()) if *request.method() == Method::OPTIONS && request.uri().path() == "*" => {
            let mut answer = Response::new(Full::default());
            *answer.status_mut() = StatusCode::NO_CONTENT;
            Some(answer)
        }
        Ok(()) => cors.preflight(request),
        Err(refusal) => Some(answer(&refusal)),
    }
}

fn check<B>(request: &Request<B>, trust: &Trust, cors: &Cors) -> Result<(), Refusal> {
    let host = host(request)?;
    let (method, path) = (request.method(), request.uri().path());
    if *method == Method::CONNECT {
        return Err(Refusal::Proxying);
    }
    check_framing(request.headers())?;
    if !path.starts_with('/') && (*method != Method::OPTIONS || path != "*") {
        return Err(Refusal::Target);
    }
    if let Some(host) = host {
        trust.check_host(host)?;
        trust.check_page(request, host, cors)?;
    }
    Ok(())
}

/// The host of a request, with its port if there is one. A host in the target overrides the header (RFC 9112 section 3.2.2,
/// RFC 9113 section 8.3.1).
fn host<B>(request: &Request<B>) -> Result<Option<&str>, Refusal> {
    let mut values = request.headers().get_all(HOST).iter();
    let header = values.next();
    if values.next().is_some() {
        return Err(Refusal::BadHost(
            "the request has the header Host more than once: send it once",
        ));
    }
    let header = header.map(|value| {
        let text = value.to_str().ok().filter(|text| is_host(text));
        text.ok_or(Refusal::BadHost(
            "the header Host isn't a host: send a name or an address, with a port if needed, such as flash.example:3000",
        ))
    });
    let header = header.transpose()?;
    // The part before an @ is a user, and not part of the host.
    let target = request.uri().authority().map(Authority::as_str);
    let target = target.map(|target| target.rsplit_once('@').map_or(target, |(_, host)| host));
    let is_missing = match request.version() {
        Version::HTTP_2 => header.or(target).is_none(),
        // Only HTTP/1.0 may leave it out, and no browser uses HTTP/1.0.
        Version::HTTP_10 => false,
        _ => header.is_none(),
    };
    if is_missing {
        return Err(Refusal::BadHost(
            "the header Host is missing: send it once, with the host and port of the URL",
        ));
    }
    if let (Version::HTTP_2, Some(header), Some(target)) = (request.version(), header, target)
        && !header.eq_ignore_ascii_case(target)
    {
        return Err(Refusal::BadHost(
            "the header Host and :authority name different hosts: send one of them",
        ));
    }
    Ok(target.or(header))
}

/// Whether it has only characters of a host and a port (RFC 3986 section 3.2.2).
fn is_host(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:%[]".contains(&byte))
}

/// Refuses transfer codings that hyper accepts but doesn't decode (RFC 9112 section 6.1), and expectations that nothing meets.
fn check_framing(headers: &HeaderMap) -> Result<(), Refusal> {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    if let Some(coding) = codings.next()
        && (codings.next().is_some() || !coding.as_bytes().eq_ignore_ascii_case(b"chunked"))
    {
        let all: Vec<_> = headers.get_all(TRANSFER_ENCODING).iter().collect();
        return Err(transfer_coding(&all));
    }
    let is_met = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"100-continue");
    if headers.get_all(EXPECT).iter().all(is_met) {
        Ok(())
    } else {
        Err(Refusal::Expectation)
    }
}
