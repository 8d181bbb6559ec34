//! Every object is one of Kubernetes, down to each field.

use std::fmt::Debug;

use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{
    ConfigMap, LimitRange, Namespace, PersistentVolumeClaim, Pod, ResourceQuota, Service,
    ServiceAccount,
};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Object, Overlay, overlays, root};

/// What goes through the type comes out as it was: nothing that the type does not know is in it.
fn round_trip<T: DeserializeOwned + Serialize + Debug>(object: &Object) {
    let typed: T = serde_json::from_value(object.value.clone())
        .unwrap_or_else(|error| panic!("{}: {error}", object.title));
    let back = serde_json::to_value(&typed).unwrap();
    assert_eq!(back, object.value, "{}", object.title);
}

#[test]
fn every_object_has_the_fields_that_its_kind_has_and_no_others() {
    for overlay in overlays() {
        for object in &overlay.objects {
            let version = object.at("/apiVersion").as_str().unwrap();
            match (version, object.kind.as_str()) {
                ("apps/v1", "Deployment") => round_trip::<Deployment>(object),
                ("apps/v1", "StatefulSet") => round_trip::<StatefulSet>(object),
                ("autoscaling/v2", "HorizontalPodAutoscaler") => {
                    round_trip::<HorizontalPodAutoscaler>(object);
                }
                ("v1", "ConfigMap") => round_trip::<ConfigMap>(object),
                ("v1", "LimitRange") => round_trip::<LimitRange>(object),
                ("v1", "Namespace") => round_trip::<Namespace>(object),
                ("v1", "PersistentVolumeClaim") => round_trip::<PersistentVolumeClaim>(object),
                ("v1", "ResourceQuota") => round_trip::<ResourceQuota>(object),
                ("v1", "Service") => round_trip::<Service>(object),
                ("v1", "ServiceAccount") => round_trip::<ServiceAccount>(object),
                ("networking.k8s.io/v1", "NetworkPolicy") => round_trip::<NetworkPolicy>(object),
                ("policy/v1", "PodDisruptionBudget") => round_trip::<PodDisruptionBudget>(object),
                ("monitoring.coreos.com/v1", "ServiceMonitor")
                | ("monitoring.googleapis.com/v1", "PodMonitoring") => scraping(object),
                ("monitoring.coreos.com/v1", "PrometheusRule") => rules(object),
                ("gateway.networking.k8s.io/v1", "Gateway" | "HTTPRoute")
                | ("networking.gke.io/v1", "HealthCheckPolicy" | "GCPBackendPolicy") => {
                    gateway(object);
                }
                other => panic!("{}: nothing is known of {other:?}", object.title),
            }
        }
    }
}

#[track_caller]
fn keys(value: &Value, known: &[&str]) {
    for key in value.as_object().unwrap().keys() {
        assert!(known.contains(&key.as_str()), "{key} is not of {known:?}");
    }
}

/// What Prometheus' operator and Google's have in common.
fn scraping(object: &Object) {
    keys(object.at("/spec"), &["selector", "endpoints"]);
    keys(object.at("/spec/selector"), &["matchLabels"]);
    for endpoint in object.list("/spec/endpoints") {
        keys(endpoint, &["port", "path", "interval"]);
        assert_eq!(endpoint["path"], "/metrics");
    }
}

/// What Google's gateways know of these kinds, of which Flash uses a part.
fn gateway(object: &Object) {
    let known: &[&str] = match object.kind.as_str() {
        "Gateway" => &["gatewayClassName", "addresses", "listeners"],
        "HTTPRoute" => &["parentRefs", "rules"],
        _ => &["default", "targetRef"],
    };
    keys(object.at("/spec"), known);
    for listener in object.list("/spec/listeners") {
        keys(listener, &["name", "protocol", "port", "allowedRoutes"]);
    }
    for rule in object.list("/spec/rules") {
        keys(rule, &["backendRefs", "filters"]);
    }
    let check = [
        "checkIntervalSec",
        "timeoutSec",
        "healthyThreshold",
        "unhealthyThreshold",
        "config",
    ];
    match object.kind.as_str() {
        "HealthCheckPolicy" => keys(object.at("/spec/default"), &check),
        "GCPBackendPolicy" => keys(
            object.at("/spec/default"),
            &["timeoutSec", "connectionDraining"],
        ),
        _ => {}
    }
}

fn rules(object: &Object) {
    for group in object.list("/spec/groups") {
        keys(group, &["name", "rules"]);
        for rule in group["rules"].as_array().unwrap() {
            keys(rule, &["alert", "expr", "for", "labels", "annotations"]);
            let severity = rule["labels"]["severity"].as_str().unwrap();
            assert!(["warning", "critical"].contains(&severity), "{rule}");
            assert!(rule["annotations"]["summary"].is_string(), "{rule}");
        }
    }
}

#[test]
fn every_object_is_in_the_namespace_of_flash() {
    for overlay in overlays() {
        for object in &overlay.objects {
            match object.kind.as_str() {
                "Namespace" => assert_eq!(object.name, "flash"),
                _ => assert_eq!(
                    object.at("/metadata/namespace"),
                    "flash",
                    "{}",
                    object.title
                ),
            }
        }
    }
}

#[test]
fn the_pod_that_puts_a_backup_back_may_do_what_the_server_may() {
    let text = std::fs::read_to_string(root().join("manifests/restore.yaml")).unwrap();
    let documents: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap();
    let objects = documents.into_iter();
    let objects: Vec<_> = objects.map(|value| Object::of("restore", value)).collect();
    let [pod, policy] = objects.as_slice() else {
        panic!("there is something else in manifests/restore.yaml");
    };
    round_trip::<Pod>(pod);
    round_trip::<NetworkPolicy>(policy);
    let overlay = Overlay::named("sqlite");
    let api = overlay.api();
    assert_eq!(
        *pod.at("/spec/securityContext"),
        *api.pod("/securityContext")
    );
    let context = api.pod("/containers/0/securityContext");
    assert_eq!(pod.at("/spec/containers/0/securityContext"), context);
    let claim = api.volumes().iter().find(|volume| volume["name"] == "data");
    assert_eq!(
        pod.list("/spec/volumes").iter().collect::<Vec<_>>(),
        [claim.unwrap()]
    );
}
