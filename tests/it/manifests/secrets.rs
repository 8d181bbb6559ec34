//! Secrets are files, and no secret is in the manifests.

use super::{each_container, each_workload, overlays, replicated};

/// Words by which scanners know the name of a secret.
const SECRET: [&str; 4] = ["password", "token", "secret", "bearer"];

#[test]
fn no_secret_is_in_the_manifests() {
    for overlay in overlays() {
        assert_eq!(overlay.kind("Secret").count(), 0, "{}", overlay.name);
        for map in overlay
            .kind("ConfigMap")
            .filter(|map| map.name != "dashboard")
        {
            for key in map.at("/data").as_object().unwrap().keys() {
                let key = key.to_lowercase();
                assert!(
                    !SECRET.iter().any(|word| key.contains(word)),
                    "{}: {key}",
                    map.title
                );
            }
        }
    }
}

#[test]
fn no_secret_is_in_the_environment() {
    each_container(|title, container| {
        for source in container["envFrom"].as_array().into_iter().flatten() {
            assert!(source.get("secretRef").is_none(), "{title}");
        }
        let mut names = Vec::new();
        for variable in container["env"].as_array().into_iter().flatten() {
            let name = variable["name"].as_str().unwrap();
            assert!(variable.get("valueFrom").is_none(), "{title}: {name}");
            let lower = name.to_lowercase();
            let is_secret = SECRET.iter().any(|word| lower.contains(word));
            assert!(!is_secret || lower.ends_with("_file"), "{title}: {name}");
            assert!(!names.contains(&name), "{title}: {name} is set twice");
            names.push(name);
        }
    });
}

#[test]
fn files_with_secrets_are_read_by_their_owner_and_group_alone_and_one_at_a_time() {
    each_workload(|workload| {
        for volume in workload
            .volumes()
            .iter()
            .filter_map(|volume| volume.get("secret"))
        {
            assert_eq!(volume["secretName"], "database", "{}", workload.title);
            assert_eq!(volume["defaultMode"], 0o440, "{}", workload.title);
            assert_eq!(
                volume["items"].as_array().unwrap().len(),
                1,
                "{}",
                workload.title
            );
        }
    });
}

#[test]
fn the_address_of_the_database_is_where_flash_looks_for_it() {
    for overlay in replicated() {
        let container = overlay.api().containers().next().unwrap();
        let variables = container["env"].as_array().unwrap();
        let file = variables
            .iter()
            .find(|variable| variable["name"] == "FLASH_DATABASE_FILE");
        let mounts = container["volumeMounts"].as_array().unwrap();
        let mount = mounts
            .iter()
            .find(|mount| mount["name"] == "database")
            .unwrap();
        assert_eq!(mount["readOnly"], true);
        let volumes = overlay.api().volumes();
        let volume = volumes
            .iter()
            .find(|volume| volume["name"] == "database")
            .unwrap();
        let path = volume["secret"]["items"][0]["path"].as_str().unwrap();
        let folder = mount["mountPath"].as_str().unwrap();
        assert_eq!(file.unwrap()["value"], format!("{folder}/{path}"));
    }
}
