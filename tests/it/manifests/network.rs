//! Who reaches whom: selectors hit pods, ports meet, and nothing else is let through.

use serde_json::{Value, json};

use super::{Object, Overlay, overlays, selects};

/// The pods that labels choose.
fn chosen<'a>(overlay: &'a Overlay, match_labels: &Value) -> Vec<&'a Object> {
    let workloads = overlay.workloads();
    workloads
        .filter(|workload| selects(match_labels, workload.pod_labels()))
        .collect()
}

/// The port of a pod that a Service or a policy means, by name or number.
fn port<'a>(workload: &'a Object, wanted: &Value) -> Option<&'a Value> {
    let mut ports = workload
        .containers()
        .flat_map(|container| container["ports"].as_array().unwrap());
    ports.find(|port| port["name"] == *wanted || port["containerPort"] == *wanted)
}

#[test]
fn workloads_select_their_own_pods_and_no_others() {
    for overlay in overlays() {
        for workload in overlay.workloads() {
            let chosen = chosen(&overlay, workload.at("/spec/selector/matchLabels"));
            let titles: Vec<_> = chosen.iter().map(|chosen| &chosen.title).collect();
            assert_eq!(titles, [&workload.title]);
            let instance = &workload.at("/metadata/labels")["app.kubernetes.io/instance"];
            assert_eq!(*instance, *workload.name, "{}", workload.title);
        }
    }
}

#[test]
fn services_lead_to_ports_of_pods() {
    for overlay in overlays() {
        for service in overlay.kind("Service") {
            let pods = chosen(&overlay, service.at("/spec/selector"));
            assert_eq!(pods.len(), 1, "{}", service.title);
            for entry in service.list("/spec/ports") {
                let target = &entry["targetPort"];
                assert!(target.is_string(), "{}: targets have names", service.title);
                assert!(
                    port(pods[0], target).is_some(),
                    "{}: {target}",
                    service.title
                );
            }
        }
    }
}

#[test]
fn the_api_is_at_port_80_of_its_service_and_nothing_else_is() {
    for overlay in overlays() {
        let service = overlay.one("Service", "api");
        let has_gateway = overlay.kind("Gateway").count() > 0;
        let kind = if has_gateway {
            "ClusterIP"
        } else {
            "LoadBalancer"
        };
        assert_eq!(*service.at("/spec/type"), kind);
        let [entry] = service.list("/spec/ports") else {
            panic!("{}: more than one port", service.title);
        };
        assert_eq!(entry["port"], 80);
        assert_eq!(
            port(overlay.api(), &entry["targetPort"]).unwrap()["containerPort"],
            3000
        );
        let others = overlay.kind("Service").filter(|other| other.name != "api");
        for other in others {
            assert_eq!(*other.at("/spec/clusterIP"), "None", "{}", other.title);
        }
    }
}

#[test]
fn on_google_keys_travel_encrypted_and_plain_requests_are_led_to_https() {
    let overlay = Overlay::named("gke");
    let gateway = overlay.one("Gateway", "api");
    let listeners = gateway.list("/spec/listeners");
    let listener = |name: &str| listeners.iter().find(|one| one["name"] == name).unwrap();
    assert_eq!(listener("https")["protocol"], "HTTPS");
    assert_eq!(listeners.len(), 2);
    let route = |name| overlay.one("HTTPRoute", name);
    assert_eq!(
        route("api").list("/spec/parentRefs")[0]["sectionName"],
        "https"
    );
    let backends = route("api").at("/spec/rules/0/backendRefs");
    assert_eq!(*backends, json!([{"name": "api", "port": 80}]));
    let redirect = route("redirect");
    assert_eq!(redirect.list("/spec/parentRefs")[0]["sectionName"], "http");
    let filter = redirect.at("/spec/rules/0/filters/0/requestRedirect/scheme");
    assert_eq!(*filter, "https");
    for policy in ["HealthCheckPolicy", "GCPBackendPolicy"] {
        let target = overlay.one(policy, "api").at("/spec/targetRef");
        assert_eq!(
            *target,
            json!({"group": "", "kind": "Service", "name": "api"})
        );
    }
    // Its health checks reach the admin port, and its addresses are believed.
    let checks = overlay.one("HealthCheckPolicy", "api");
    let checks = checks.at("/spec/default/config/httpHealthCheck/port");
    let admin = port(overlay.api(), &json!("admin")).unwrap();
    assert_eq!(*checks, admin["containerPort"]);
    let policy = overlay.one("NetworkPolicy", "api-health-checks");
    let networks = policy.list("/spec/ingress/0/from").iter();
    let networks: Vec<_> = networks
        .map(|peer| peer["ipBlock"]["cidr"].as_str().unwrap())
        .collect();
    let maps = overlay.kind("ConfigMap");
    let mut settings = maps.filter_map(|map| map.at("/data/FLASH_TRUSTED_PROXY").as_str());
    assert_eq!(settings.next().unwrap(), networks.join(","));
}

#[test]
fn every_pod_is_closed_but_for_what_is_said() {
    for overlay in overlays() {
        for workload in overlay.workloads() {
            let policy = overlay.one("NetworkPolicy", &workload.name);
            assert_eq!(
                *policy.at("/spec/policyTypes"),
                json!(["Ingress", "Egress"])
            );
            assert!(!policy.list("/spec/ingress").is_empty(), "{}", policy.title);
            assert!(!policy.list("/spec/egress").is_empty(), "{}", policy.title);
        }
    }
}

#[test]
fn policies_choose_pods_by_one_label_and_ports_that_those_have() {
    for overlay in overlays() {
        for policy in overlay.kind("NetworkPolicy") {
            let labels = policy.at("/spec/podSelector/matchLabels");
            assert_eq!(labels.as_object().unwrap().len(), 1, "{}", policy.title);
            let pods = chosen(&overlay, labels);
            assert_eq!(pods.len(), 1, "{}", policy.title);
            for rule in policy.list("/spec/ingress") {
                for entry in rule["ports"].as_array().unwrap() {
                    assert!(
                        port(pods[0], &entry["port"]).is_some(),
                        "{}: {entry}",
                        policy.title
                    );
                }
            }
            // Peers within the namespace are pods of this overlay, on a port that they have.
            for rule in policy.list("/spec/egress") {
                for peer in rule["to"].as_array().unwrap() {
                    if peer.get("namespaceSelector").is_none() && peer.get("podSelector").is_some()
                    {
                        let peers = chosen(&overlay, &peer["podSelector"]["matchLabels"]);
                        let wanted = &rule["ports"][0]["port"];
                        assert!(
                            peers.iter().any(|peer| port(peer, wanted).is_some()),
                            "{}",
                            policy.title
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn names_are_looked_up_wherever_the_cluster_has_its_dns() {
    for overlay in overlays() {
        let policy = overlay.one("NetworkPolicy", "api");
        let rules = policy.list("/spec/egress");
        let dns = rules
            .iter()
            .find(|rule| rule["ports"][0]["port"] == 53)
            .unwrap();
        let blocks = dns["to"].as_array().unwrap().iter();
        let blocks: Vec<_> = blocks
            .filter_map(|peer| peer["ipBlock"]["cidr"].as_str())
            .collect();
        assert_eq!(blocks, ["169.254.20.10/32", "169.254.169.254/32"]);
    }
}

#[test]
fn metrics_are_collected_from_the_admin_port() {
    for overlay in overlays() {
        for monitor in overlay.kind("ServiceMonitor") {
            let services = overlay.kind("Service");
            let wanted = monitor.at("/spec/selector/matchLabels");
            let mut services =
                services.filter(|service| selects(wanted, service.at("/metadata/labels")));
            let service = services.next().unwrap();
            assert!(services.next().is_none(), "{}", monitor.title);
            let name = &monitor.list("/spec/endpoints")[0]["port"];
            let entry = service
                .list("/spec/ports")
                .iter()
                .find(|entry| entry["name"] == *name);
            assert_eq!(
                port(overlay.api(), &entry.unwrap()["targetPort"]).unwrap()["name"],
                "admin"
            );
        }
        for monitor in overlay.kind("PodMonitoring") {
            let pods = chosen(&overlay, monitor.at("/spec/selector/matchLabels"));
            assert_eq!(pods.len(), 1, "{}", monitor.title);
            assert_eq!(monitor.list("/spec/endpoints")[0]["port"], "admin");
        }
    }
}
