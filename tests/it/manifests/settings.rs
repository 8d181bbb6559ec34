//! What the manifests set is what Flash has, and the times and numbers in them fit together.

use std::collections::BTreeMap;
use std::process::Command;

use super::{Overlay, overlays, replicated};

/// The environment of Flash in an overlay: what the ConfigMap says, and over it what the container says.
fn environment(overlay: &Overlay) -> BTreeMap<String, String> {
    let container = overlay.api().containers().next().unwrap();
    let map = container["envFrom"][0]["configMapRef"]["name"]
        .as_str()
        .unwrap();
    assert!(
        map.starts_with("api-"),
        "a changed setting would not be rolled out: {map}"
    );
    let map = overlay.one("ConfigMap", map);
    let common = map.at("/data").as_object().unwrap().iter();
    let common = common.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()));
    let own = container["env"].as_array().unwrap().iter();
    let own = own.map(|one| {
        (
            one["name"].as_str().unwrap().to_owned(),
            one["value"].as_str().unwrap().to_owned(),
        )
    });
    common.chain(own).collect()
}

fn seconds(environment: &BTreeMap<String, String>, name: &str) -> u64 {
    let written = environment[name].strip_suffix('s').unwrap();
    written.parse().unwrap()
}

#[test]
fn every_setting_is_one_of_flash_and_is_understood() {
    for overlay in overlays() {
        let mut environment = environment(&overlay);
        let help = Command::new(env!("CARGO_BIN_EXE_flash"))
            .args(["serve", "--help"])
            .output();
        let help = String::from_utf8(help.unwrap().stdout).unwrap();
        for name in environment.keys() {
            let mut listed = ["=", "]"].iter().map(|end| format!("[env: {name}{end}"));
            assert!(
                listed.any(|text| help.contains(&text)),
                "{}: {name}",
                overlay.name
            );
        }
        // The database is looked at last, so a complaint about it is none about the rest.
        environment.remove("FLASH_DATABASE");
        environment.insert("FLASH_DATABASE_FILE".to_owned(), "/nowhere/url".to_owned());
        let mut command = Command::new(env!("CARGO_BIN_EXE_flash"));
        let output = command.arg("serve").env_clear().envs(&environment).output();
        let said = String::from_utf8(output.unwrap().stderr).unwrap();
        assert!(
            said.contains("--database-file /nowhere/url"),
            "{}: {said}",
            overlay.name
        );
    }
}

#[test]
fn flash_listens_where_the_manifests_look_for_it() {
    for overlay in overlays() {
        let environment = environment(&overlay);
        let container = overlay.api().containers().next().unwrap();
        for (name, variable) in [("http", "FLASH_LISTEN"), ("admin", "FLASH_ADMIN_LISTEN")] {
            let ports = container["ports"].as_array().unwrap();
            let port = ports.iter().find(|port| port["name"] == name).unwrap();
            assert_eq!(
                environment[variable],
                format!("0.0.0.0:{}", port["containerPort"])
            );
        }
    }
}

#[test]
fn there_is_time_enough_to_go() {
    for overlay in overlays() {
        let (api, environment) = (overlay.api(), environment(&overlay));
        let grace = api.pod("/terminationGracePeriodSeconds").as_u64().unwrap();
        let container = api.containers().next().unwrap();
        let sleep = container["lifecycle"]["preStop"]["sleep"]["seconds"]
            .as_u64()
            .unwrap();
        assert!(sleep >= 5, "{}", overlay.name);
        let drain = seconds(&environment, "FLASH_DRAIN_DELAY")
            + seconds(&environment, "FLASH_DRAIN_TIMEOUT");
        assert!(
            grace >= sleep + drain + 10,
            "{}: the store has to close, too",
            overlay.name
        );
        assert!(overlay.name == "sqlite" || seconds(&environment, "FLASH_DRAIN_DELAY") >= 5);
    }
}

/// Replicas that a rollout under load may have asked to go, and that still finish requests.
const GOING: u64 = 7;

#[test]
fn nobody_writes_without_a_key_until_the_operator_says_so() {
    for overlay in overlays() {
        assert_eq!(environment(&overlay)["FLASH_ANONYMOUS"], "read");
    }
    let compose = std::fs::read_to_string(super::root().join("compose.yaml")).unwrap();
    assert!(compose.contains("\n    FLASH_ANONYMOUS: read\n"));
    let mut ports = compose.lines().filter(|line| line.contains("ports:"));
    assert!(ports.all(|line| line.contains("[\"${FLASH_ADDRESS:-127.0.0.1}:")));
}

#[test]
fn postgresql_has_connections_for_every_replica_also_during_a_rollout() {
    for overlay in replicated() {
        let most = overlay
            .one("HorizontalPodAutoscaler", "api")
            .at("/spec/maxReplicas");
        let each = environment(&overlay)
            .get("FLASH_STORE_CONNECTIONS")
            .map_or(16, |count| count.parse().unwrap());
        // One more during a rollout, and those that are going away.
        let needed = (most.as_u64().unwrap() + 1 + GOING) * each;
        for set in overlay.kind("StatefulSet") {
            let arguments = set.containers().next().unwrap()["args"].as_array().unwrap();
            let mut allowed = arguments
                .iter()
                .filter_map(|argument| argument.as_str()?.strip_prefix("max_connections="));
            let allowed: u64 = allowed.next().unwrap().parse().unwrap();
            assert!(
                allowed >= needed + 10,
                "{}: {needed} are opened",
                overlay.name
            );
        }
    }
}
