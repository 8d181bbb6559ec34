//! Sends a notice: one POST, signed as Standard Webhooks says.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::header::{CONTENT_TYPE, HOST, USER_AGENT};
use http::{Request, StatusCode};
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use tokio::time::timeout;

use crate::outgoing::{self, ConnectError};
use crate::settings::Notify;

/// Time for the answer, from the beginning of the connection.
const PATIENCE: Duration = Duration::from_secs(20);
/// Bytes of a digest in the id of a notice.
const ID: usize = 18;

/// Why a notice did not arrive.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error("the connection broke: {0}")]
    Http(#[from] hyper::Error),
    #[error("can't write the request: {0}")]
    Request(#[from] http::Error),
    #[error("it did not answer in {} seconds", PATIENCE.as_secs())]
    Slow,
    #[error("it answered {0}")]
    Status(StatusCode),
}

/// The id of the notice about an event. All servers of a store, whose `key` that is, give it the same one.
pub(super) fn id(key: &[u8; 32], event: &str) -> String {
    let digest = Sha256::new_with_prefix(key).chain_update(event).finalize();
    format!("msg_{}", URL_SAFE_NO_PAD.encode(&digest[..ID]))
}

/// The signature of a notice.
fn signature(secret: &[u8], id: &str, seconds: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any length will do");
    mac.update(format!("{id}.{seconds}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// Sends a notice. Any status of 2xx means that it arrived.
pub(super) async fn send(
    webhook: &Notify,
    id: &str,
    now: Timestamp,
    body: String,
) -> Result<(), Failed> {
    let exchange = timeout(PATIENCE, exchange(webhook, id, now, body)).await;
    match exchange.unwrap_or(Err(Failed::Slow))? {
        status if status.is_success() => Ok(()),
        status => Err(Failed::Status(status)),
    }
}

async fn exchange(
    webhook: &Notify,
    id: &str,
    now: Timestamp,
    body: String,
) -> Result<StatusCode, Failed> {
    let (endpoint, seconds) = (&webhook.url.endpoint, now.as_second());
    let signature = signature(webhook.secret.bytes(), id, seconds, &body);
    let request = Request::post(&webhook.url.target)
        .header(HOST, endpoint.authority())
        .header(USER_AGENT, concat!("flash/", env!("CARGO_PKG_VERSION")))
        .header(CONTENT_TYPE, "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", seconds)
        .header("webhook-signature", signature)
        .body(Full::new(Bytes::from(body)))?;
    let stream = outgoing::connect(endpoint).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(connection);
    let response = sender.send_request(request).await;
    // Only the status counts. The rest of the answer isn't read.
    driver.abort();
    Ok(response?.status())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_signed_as_standard_webhooks_says() {
        // The example of the specification.
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let body = r#"{"test": 2432232314}"#;
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        assert_eq!(
            signature(&secret, id, 1_614_265_330, body),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }

    #[test]
    fn an_event_has_one_id_in_a_store_and_another_one_in_another_store() {
        assert_eq!(id(&[1; 32], "x"), id(&[1; 32], "x"));
        assert_ne!(id(&[1; 32], "x"), id(&[1; 32], "y"));
        assert_ne!(id(&[1; 32], "x"), id(&[2; 32], "x"));
        assert!(!id(&[1; 32], "x").contains('.'));
    }
}
