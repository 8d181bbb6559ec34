//! A throwaway authority and the certificate that it gives the server.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::Cluster;

/// The authority's certificate, in the cluster's folder.
pub const AUTHORITY: &str = "authority.crt";

/// Makes both, in the cluster's folder.
pub fn make(cluster: &Cluster) {
    let folder = cluster.folder.path();
    fs::write(
        folder.join("names"),
        "subjectAltName=IP:127.0.0.1,DNS:localhost\n",
    )
    .unwrap();
    for command in [
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout authority.key -out authority.crt",
        "req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr",
        "x509 -req -in server.csr -CA authority.crt -CAkey authority.key -CAcreateserial -days 2 -extfile names \
         -out server.crt",
    ] {
        let arguments: Vec<&str> = command.split_whitespace().collect();
        let mut openssl = cluster.command(Path::new("openssl"));
        let output = openssl.args(arguments).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "openssl {command}: {error}");
    }
    // A key that others may read is refused by the server.
    fs::set_permissions(folder.join("server.key"), Permissions::from_mode(0o600)).unwrap();
}

/// What the server is told.
pub fn settings(folder: &Path) -> [String; 3] {
    let in_folder = |name: &str| folder.join(name).display().to_string();
    [
        "ssl=on".to_owned(),
        format!("ssl_cert_file={}", in_folder("server.crt")),
        format!("ssl_key_file={}", in_folder("server.key")),
    ]
}
