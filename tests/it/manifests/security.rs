//! Pod Security "restricted", and what scanners ask beyond it.

use serde_json::json;

use super::{each_container, each_workload, overlays};

/// Users and groups below this one may be somebody on the node.
const FIRST_FREE_ID: u64 = 10_000;

#[test]
fn the_namespace_enforces_the_restricted_standard() {
    for overlay in overlays() {
        let namespace = overlay.one("Namespace", "flash");
        let labels = namespace.at("/metadata/labels");
        for mode in ["enforce", "audit", "warn"] {
            assert_eq!(
                labels[format!("pod-security.kubernetes.io/{mode}")],
                "restricted"
            );
        }
    }
}

#[test]
fn nothing_runs_as_root_or_as_somebody_of_the_node() {
    let check = |title: &str, context: &serde_json::Value| {
        assert_eq!(context["runAsNonRoot"], true, "{title}");
        for id in ["runAsUser", "runAsGroup"] {
            assert!(context[id].as_u64() > Some(FIRST_FREE_ID), "{title}: {id}");
        }
    };
    each_workload(|workload| check(&workload.title, workload.pod("/securityContext")));
    each_container(|title, container| check(title, &container["securityContext"]));
}

#[test]
fn volumes_belong_to_the_group_that_writes_them() {
    each_workload(|workload| {
        let context = workload.pod("/securityContext");
        assert_eq!(
            context["fsGroup"], context["runAsGroup"],
            "{}",
            workload.title
        );
        assert_eq!(
            context["fsGroupChangePolicy"], "OnRootMismatch",
            "{}",
            workload.title
        );
    });
}

#[test]
fn root_file_systems_are_read_only_and_there_is_a_place_for_temporary_files() {
    each_container(|title, container| {
        assert_eq!(
            container["securityContext"]["readOnlyRootFilesystem"], true,
            "{title}"
        );
        let mounts = container["volumeMounts"].as_array().unwrap();
        let tmp = mounts.iter().find(|mount| mount["mountPath"] == "/tmp");
        assert_eq!(
            tmp.map(|mount| &mount["name"]),
            Some(&json!("tmp")),
            "{title}"
        );
    });
    each_workload(|workload| {
        let empty = workload
            .volumes()
            .iter()
            .filter(|volume| volume.get("emptyDir").is_some());
        for volume in empty {
            assert!(
                volume["emptyDir"]["sizeLimit"].is_string(),
                "{}: {volume}",
                workload.title
            );
        }
    });
}

#[test]
fn nothing_is_privileged_or_can_become_so() {
    each_container(|title, container| {
        assert_eq!(container["securityContext"]["privileged"], false, "{title}");
        assert_eq!(
            container["securityContext"]["allowPrivilegeEscalation"], false,
            "{title}"
        );
    });
}

#[test]
fn every_capability_is_dropped_and_none_added() {
    each_container(|title, container| {
        let capabilities = &container["securityContext"]["capabilities"];
        assert_eq!(*capabilities, json!({"drop": ["ALL"]}), "{title}");
    });
}

#[test]
fn system_calls_are_filtered() {
    each_workload(|workload| {
        let profile = workload.pod("/securityContext/seccompProfile/type");
        assert_eq!(*profile, "RuntimeDefault", "{}", workload.title);
    });
    each_container(|title, container| {
        let profile = &container["securityContext"]["seccompProfile"]["type"];
        assert_eq!(*profile, "RuntimeDefault", "{title}");
    });
}

#[test]
fn files_are_filtered_where_nodes_are_known_to_do_that() {
    for overlay in overlays() {
        let profile = overlay
            .api()
            .pod("/containers/0/securityContext/appArmorProfile/type");
        if ["gke", "monitored"].contains(&overlay.name.as_str()) {
            assert_eq!(*profile, "RuntimeDefault", "{}", overlay.name);
        } else {
            assert!(
                profile.is_null(),
                "{}: nodes without AppArmor would refuse it",
                overlay.name
            );
        }
    }
}

#[test]
fn nothing_of_the_node_is_shared() {
    each_workload(|workload| {
        for sharing in ["hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace"] {
            assert!(
                workload.pod(&format!("/{sharing}")).is_null(),
                "{}",
                workload.title
            );
        }
        assert!(
            workload.pod("/securityContext/sysctls").is_null(),
            "{}",
            workload.title
        );
        // What "restricted" allows.
        let kinds = [
            "configMap",
            "emptyDir",
            "persistentVolumeClaim",
            "projected",
            "secret",
        ];
        for volume in workload.volumes() {
            let mut fields = volume.as_object().unwrap().keys();
            assert!(
                fields.all(|field| field == "name" || kinds.contains(&field.as_str())),
                "{}: {volume}",
                workload.title
            );
        }
    });
    each_container(|title, container| {
        assert!(
            container["securityContext"].get("procMount").is_none(),
            "{title}"
        );
        for port in container["ports"].as_array().unwrap() {
            assert!(port.get("hostPort").is_none(), "{title}");
            assert!(port["containerPort"].as_u64() >= Some(1024), "{title}");
        }
        // Newer versions of the standard refuse a host in them.
        let asked = [
            "livenessProbe",
            "readinessProbe",
            "startupProbe",
            "lifecycle",
        ];
        for field in asked.iter().filter_map(|field| container.get(field)) {
            assert!(!field.to_string().contains("\"host\""), "{title}: {field}");
        }
    });
}

#[test]
fn the_users_of_a_pod_are_none_of_the_node_where_that_is_asked_for() {
    for overlay in overlays() {
        let host_users = overlay.api().pod("/hostUsers");
        if overlay.name == "monitored" {
            assert_eq!(*host_users, false);
        } else {
            assert!(host_users.is_null(), "older clusters do not have it");
        }
    }
}

#[test]
fn each_workload_has_a_service_account_of_its_own_without_a_token() {
    for overlay in overlays() {
        for workload in overlay.workloads() {
            assert_eq!(
                *workload.pod("/serviceAccountName"),
                *workload.name,
                "{}",
                workload.title
            );
            assert_eq!(
                *workload.pod("/automountServiceAccountToken"),
                false,
                "{}",
                workload.title
            );
            let account = overlay.one("ServiceAccount", &workload.name);
            assert_eq!(
                *account.at("/automountServiceAccountToken"),
                false,
                "{}",
                account.title
            );
        }
    }
}
