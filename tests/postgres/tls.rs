//! Whom the server trusts with what it stores, when the address says to look.

use crate::cluster::{Cluster, Options};
use crate::process::Program;
use crate::servers::{self, shared};
use crate::trials;

trials![
    a_server_whose_authority_is_known_is_used,
    a_server_of_another_authority_is_refused,
    a_server_without_tls_is_refused_where_it_is_required,
];

fn certified() -> Cluster {
    Cluster::start(Options {
        careless: true,
        password: None,
        tls: true,
        ..Options::default()
    })
}

fn verified(cluster: &Cluster, authority: &Cluster) -> String {
    let root = authority.authority();
    let url = cluster.url("postgres");
    format!("{url}?sslmode=verify-full&sslrootcert={}", root.display())
}

fn a_server_whose_authority_is_known_is_used() {
    let cluster = certified();
    let server = Program::serve(&["--database", &verified(&cluster, &cluster)]);
    servers::wait_until_ready(&server);
    let encrypted = "SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                     WHERE client_addr IS NOT NULL";
    assert_eq!(cluster.psql("postgres", encrypted), "t");
}

fn a_server_of_another_authority_is_refused() {
    let (cluster, other) = (certified(), certified());
    let line = servers::refusal(&["--database", &verified(&cluster, &other)]);
    assert!(line.contains("certificate"), "{line}");
}

fn a_server_without_tls_is_refused_where_it_is_required() {
    let url = format!("{}?sslmode=require", shared("without_tls"));
    let line = servers::refusal(&["--database", &url]);
    assert!(line.contains("SSL"), "{line}");
}
