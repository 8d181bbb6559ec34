//! What a pod may take, and what it is asked whether it lives.

use std::collections::BTreeSet;

use super::{each_container, overlays};

#[test]
fn processor_memory_and_temporary_disk_are_asked_for_and_bounded() {
    each_container(|title, container| {
        for bound in ["requests", "limits"] {
            for resource in ["cpu", "memory", "ephemeral-storage"] {
                let amount = &container["resources"][bound][resource];
                assert!(amount.is_string(), "{title}: {bound} of {resource}");
            }
        }
    });
}

#[test]
fn who_says_nothing_gets_bounds_too_and_the_namespace_has_some() {
    for overlay in overlays() {
        let range = overlay.one("LimitRange", "defaults");
        for bound in ["defaultRequest", "default"] {
            for resource in ["cpu", "memory", "ephemeral-storage"] {
                assert!(range.list("/spec/limits")[0][bound][resource].is_string());
            }
        }
        let quota = overlay.one("ResourceQuota", "bounds");
        let pods: u64 = quota
            .at("/spec/hard/pods")
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        let most = overlay.kind("HorizontalPodAutoscaler").next();
        let most = most.map_or(1, |scaler| scaler.at("/spec/maxReplicas").as_u64().unwrap());
        assert!(pods > 2 * most, "{}: a rollout would not fit", quota.title);
    }
}

#[test]
fn probes_ask_whether_it_starts_lives_and_is_ready_by_different_questions() {
    each_container(|title, container| {
        let (live, ready) = (&container["livenessProbe"], &container["readinessProbe"]);
        assert!(container["startupProbe"].is_object(), "{title}");
        assert!(live.is_object() && ready.is_object(), "{title}");
        for question in ["httpGet", "tcpSocket", "exec"] {
            let (live, ready) = (live.get(question), ready.get(question));
            assert!(live.is_none() || live != ready, "{title}: {question}");
        }
    });
}

#[test]
fn flash_is_probed_where_it_answers_probes() {
    for overlay in overlays() {
        let container = overlay.api().containers().next().unwrap();
        for (probe, path) in [
            ("startupProbe", "/livez"),
            ("livenessProbe", "/livez"),
            ("readinessProbe", "/readyz"),
        ] {
            assert_eq!(
                container[probe]["httpGet"]["path"], path,
                "{}",
                overlay.name
            );
            assert_eq!(
                container[probe]["httpGet"]["port"], "admin",
                "{}",
                overlay.name
            );
        }
    }
}

#[test]
fn ports_that_are_probed_and_mounts_are_there() {
    for overlay in overlays() {
        for workload in overlay.workloads() {
            let volumes = workload.volumes().iter().map(|volume| &volume["name"]);
            let claims = workload.list("/spec/volumeClaimTemplates").iter();
            let claims = claims.map(|claim| &claim["metadata"]["name"]);
            let there: BTreeSet<_> = volumes
                .chain(claims)
                .filter_map(|name| name.as_str())
                .collect();
            for container in workload.containers() {
                let mounts = container["volumeMounts"].as_array().unwrap().iter();
                let mounted: BTreeSet<_> =
                    mounts.filter_map(|mount| mount["name"].as_str()).collect();
                assert_eq!(mounted, there, "{}", workload.title);
                let ports = container["ports"].as_array().unwrap();
                for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
                    for question in ["httpGet", "tcpSocket"] {
                        if let Some(port) = container[probe][question].get("port") {
                            let known = ports.iter().any(|known| known["name"] == *port);
                            assert!(known, "{}: {port}", workload.title);
                        }
                    }
                }
            }
        }
    }
}
