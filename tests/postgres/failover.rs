//! A primary that dies, and a standby that takes its place.

use crate::cluster::{Cluster, Options};
use crate::ledger::{Drill, Ledger};
use crate::process::Program;
use crate::servers::wait_until_ready;
use crate::trials;

trials![servers_go_on_with_the_standby_and_nothing_acknowledged_is_lost];

fn servers_go_on_with_the_standby_and_nothing_acknowledged_is_lost() {
    let drill = Drill::from_environment();
    let mut random = drill.random();
    let mut primary = Cluster::start(Options::default());
    primary.create_database("flash");
    let standby = primary.standby();
    let url = format!(
        "postgres://flash@127.0.0.1:{},127.0.0.1:{}/flash?target_session_attrs=read-write",
        primary.port(),
        standby.port()
    );
    let arguments = ["--database", &url, "--store-timeout", "2s"];
    let servers = [(); 2].map(|()| Program::serve(&arguments));
    let addresses = servers
        .each_ref()
        .map(|server| format!("http://{}", server.address));
    servers.iter().for_each(wait_until_ready);
    let ledger = Ledger::default();
    ledger.while_writing(4, &mut random, &addresses, |random| {
        ledger.wait_for(30 + random.below(30));
        primary.kill();
        standby.promote();
        ledger.wait_for(30);
    });
    for (server, address) in servers.iter().zip(&addresses) {
        wait_until_ready(server);
        let put = server.call("PUT", "/datasets/afterwards").v2();
        assert_eq!(put.csv("id\n1\n").send().status / 100, 2);
        ledger.audit(address);
    }
}
