//! The baseline for reads: warp, as bare as it gets, with a page of bytes in memory.

use std::path::Path;

use bytes::Bytes;
use warp::Filter as _;

/// Serves the bytes of that file on a port that it tells on standard error, as the server does.
#[expect(clippy::print_stderr, reason = "the line that tells the address")]
pub fn serve(page: &Path) {
    let page = Bytes::from(std::fs::read(page).expect("the page can be read"));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        eprintln!(
            "bare warp is at http://{}",
            listener.local_addr().expect("an address")
        );
        let filter = warp::any().map(move || {
            http::Response::builder()
                .header("content-type", "application/json")
                .body(page.clone())
        });
        warp::serve(filter).incoming(listener).run().await;
    });
}
