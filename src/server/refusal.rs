//! What is answered here, without the service: targets that are not a path (warp's path filters panic on them), and
//! panics. Such a body names no version, because none was negotiated.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;

/// The answer to a request that the service must not see.
pub(super) fn of<B>(request: &Request<B>) -> Option<Response<Full<Bytes>>> {
    let path = request.uri().path();
    if *request.method() == Method::CONNECT {
        let mut answer = json(
            StatusCode::METHOD_NOT_ALLOWED,
            r#"{"error":"this server is not a proxy: CONNECT is not allowed"}"#,
        );
        // RFC 9110 section 10.2.1: empty when the target, here another host, has no methods.
        answer
            .headers_mut()
            .insert(header::ALLOW, HeaderValue::from_static(""));
        return Some(answer);
    }
    if *request.method() == Method::OPTIONS && path == "*" {
        let mut answer = Response::new(Full::default());
        *answer.status_mut() = StatusCode::NO_CONTENT;
        return Some(answer);
    }
    (!path.starts_with('/')).then(|| {
        json(
            StatusCode::BAD_REQUEST,
            r#"{"error":"the request target is not a path: write one that begins with a slash"}"#,
        )
    })
}

/// The answer to a request whose handler panicked.
pub(super) fn of_panic() -> Response<Full<Bytes>> {
    json(
        StatusCode::INTERNAL_SERVER_ERROR,
        r#"{"error":"something went wrong inside the server; the request's id leads to it in the log"}"#,
    )
}

fn json(status: StatusCode, body: &'static str) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::new(Bytes::from_static(body.as_bytes())));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    answer
}
