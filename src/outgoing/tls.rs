//! TLS for `https://`, by the OpenSSL that is compiled in for PostgreSQL.

use std::pin::Pin;

use openssl::ssl::{self, SslConnector, SslMethod};
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

/// Connects as `host`. The certificate has to be valid for that name, and signed by one that this system trusts.
pub(super) async fn connect(
    host: &str,
    stream: TcpStream,
) -> Result<SslStream<TcpStream>, ssl::Error> {
    let mut connector = SslConnector::builder(SslMethod::tls_client())?;
    // An OpenSSL that is compiled in doesn't know where this system has its root certificates.
    let roots = openssl_probe::probe();
    if let Some(file) = roots.cert_file {
        connector.set_ca_file(file)?;
    }
    let ssl = connector.build().configure()?.into_ssl(host)?;
    let mut stream = SslStream::new(ssl, stream)?;
    Pin::new(&mut stream).connect().await?;
    Ok(stream)
}
