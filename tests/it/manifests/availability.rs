//! How many there are, how they are replaced, and where they are.

use serde_json::json;

use super::{Overlay, overlays, replicated, selects};

#[test]
fn replicas_are_replaced_one_by_one_and_never_fewer() {
    for overlay in replicated() {
        let strategy = overlay.api().at("/spec/strategy");
        let expected =
            json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}});
        assert_eq!(*strategy, expected, "{}", overlay.name);
    }
}

#[test]
fn a_sqlite_file_has_one_server_whatever_happens() {
    let overlay = Overlay::named("sqlite");
    assert_eq!(*overlay.api().at("/spec/replicas"), 1);
    assert_eq!(
        *overlay.api().at("/spec/strategy"),
        json!({"type": "Recreate"})
    );
    assert_eq!(overlay.kind("HorizontalPodAutoscaler").count(), 0);
    // It could never be met by an eviction.
    assert_eq!(overlay.kind("PodDisruptionBudget").count(), 0);
    let claim = overlay.one("PersistentVolumeClaim", "data");
    assert_eq!(*claim.at("/spec/accessModes"), json!(["ReadWriteOncePod"]));
    let volumes = overlay.api().volumes();
    let data = volumes
        .iter()
        .find(|volume| volume["name"] == "data")
        .unwrap();
    assert_eq!(data["persistentVolumeClaim"]["claimName"], "data");
}

#[test]
fn a_rollout_that_does_not_get_on_fails_and_can_be_undone() {
    for overlay in overlays() {
        let api = overlay.api();
        assert!(
            api.at("/spec/minReadySeconds").as_u64() >= Some(5),
            "{}",
            api.title
        );
        assert!(
            api.at("/spec/revisionHistoryLimit").as_u64() >= Some(2),
            "{}",
            api.title
        );
        let deadline = api.at("/spec/progressDeadlineSeconds").as_u64().unwrap();
        let start = &api.containers().next().unwrap()["startupProbe"];
        let start =
            start["periodSeconds"].as_u64().unwrap() * start["failureThreshold"].as_u64().unwrap();
        assert!((start..600).contains(&deadline), "{}", api.title);
    }
}

#[test]
fn three_replicas_and_more_are_counted_by_the_autoscaler_alone() {
    for overlay in replicated() {
        let scaler = overlay.one("HorizontalPodAutoscaler", "api");
        let target = scaler.at("/spec/scaleTargetRef");
        let expected = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "api"});
        assert_eq!(*target, expected, "{}", scaler.title);
        let least = scaler.at("/spec/minReplicas").as_u64();
        assert!(least >= Some(3), "{}", scaler.title);
        assert!(
            scaler.at("/spec/maxReplicas").as_u64() > least,
            "{}",
            scaler.title
        );
        assert!(
            overlay.api().at("/spec/replicas").is_null(),
            "{}",
            overlay.name
        );
    }
}

#[test]
fn nodes_can_be_drained_one_replica_at_a_time() {
    for overlay in replicated() {
        let budget = overlay.one("PodDisruptionBudget", "api");
        assert_eq!(*budget.at("/spec/maxUnavailable"), 1);
        assert_eq!(
            *budget.at("/spec/unhealthyPodEvictionPolicy"),
            "AlwaysAllow"
        );
        let labels = overlay.api().pod_labels();
        assert!(
            selects(budget.at("/spec/selector/matchLabels"), labels),
            "{}",
            budget.title
        );
    }
}

#[test]
fn replicas_are_spread_over_nodes_and_zones_where_there_are_some() {
    for overlay in replicated() {
        let (api, labels) = (overlay.api(), overlay.api().pod_labels());
        let affinity = api.pod("/affinity/podAntiAffinity");
        assert!(
            affinity
                .get("requiredDuringSchedulingIgnoredDuringExecution")
                .is_none()
        );
        let term =
            &affinity["preferredDuringSchedulingIgnoredDuringExecution"][0]["podAffinityTerm"];
        assert_eq!(term["topologyKey"], "kubernetes.io/hostname");
        assert!(
            selects(&term["labelSelector"]["matchLabels"], labels),
            "{}",
            api.title
        );
        let spread = api.pod("/topologySpreadConstraints/0");
        assert_eq!(spread["topologyKey"], "topology.kubernetes.io/zone");
        assert_eq!(spread["whenUnsatisfiable"], "ScheduleAnyway");
        assert!(
            selects(&spread["labelSelector"]["matchLabels"], labels),
            "{}",
            api.title
        );
    }
}

#[test]
fn data_outlives_whatever_uses_it() {
    for overlay in overlays() {
        for set in overlay.kind("StatefulSet") {
            let policy = set.at("/spec/persistentVolumeClaimRetentionPolicy");
            assert_eq!(
                *policy,
                json!({"whenDeleted": "Retain", "whenScaled": "Retain"})
            );
            for claim in set.list("/spec/volumeClaimTemplates") {
                assert_eq!(claim["spec"]["accessModes"], json!(["ReadWriteOncePod"]));
            }
        }
    }
}
