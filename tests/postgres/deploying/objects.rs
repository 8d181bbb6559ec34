//! The objects of the stand-in for a cluster, by kind and name.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// The kinds that there are, with the names that commands use.
const KINDS: [(&str, &[&str]); 19] = [
    ("Namespace", &["namespace", "ns"]),
    ("LimitRange", &["limitrange"]),
    ("ResourceQuota", &["resourcequota"]),
    ("ServiceAccount", &["serviceaccount"]),
    ("ConfigMap", &["configmap"]),
    ("Secret", &["secret"]),
    ("Service", &["service", "svc"]),
    ("PersistentVolumeClaim", &["persistentvolumeclaim", "pvc"]),
    ("Deployment", &["deployment", "deployment.apps"]),
    ("StatefulSet", &["statefulset", "statefulset.apps"]),
    ("Pod", &["pod", "pods"]),
    ("NetworkPolicy", &["networkpolicy"]),
    (
        "HorizontalPodAutoscaler",
        &["hpa", "horizontalpodautoscaler"],
    ),
    ("PodDisruptionBudget", &["pdb", "poddisruptionbudget"]),
    ("Gateway", &["gateway"]),
    ("HTTPRoute", &["httproute"]),
    ("HealthCheckPolicy", &["healthcheckpolicy"]),
    ("GCPBackendPolicy", &["gcpbackendpolicy"]),
    ("PodMonitoring", &["podmonitoring"]),
];

/// The kind that a command means.
pub fn kind(word: &str) -> Result<&'static str, String> {
    let found = KINDS.iter().find(|(_, words)| words.contains(&word));
    let found = found.ok_or_else(|| format!("the server doesn't have a resource type {word:?}"));
    Ok(found?.0)
}

/// Objects by kind and name.
#[derive(Default)]
pub struct Objects(BTreeMap<(String, String), Value>);

impl Objects {
    pub fn get(&self, kind: &str, name: &str) -> Option<&Value> {
        self.0.get(&(kind.to_owned(), name.to_owned()))
    }

    /// The object that `kind/name` means.
    pub fn named(&self, words: &str) -> Result<&Value, String> {
        let (word, name) = words
            .split_once('/')
            .ok_or_else(|| format!("{words:?} is no kind and name"))?;
        let found = self.get(kind(word)?, name);
        found.ok_or_else(|| format!("{words:?} is not found"))
    }

    pub fn get_mut(&mut self, kind: &str, name: &str) -> Option<&mut Value> {
        self.0.get_mut(&(kind.to_owned(), name.to_owned()))
    }

    pub fn remove(&mut self, kind: &str, name: &str) -> Result<(), String> {
        let gone = self.0.remove(&(kind.to_owned(), name.to_owned()));
        gone.map(drop)
            .ok_or_else(|| format!("{kind} {name:?} is not found"))
    }

    /// Keeps an object that is applied. It must be of a kind that there is, in the namespace that there is.
    pub fn apply(&mut self, mut object: Value) -> Result<String, String> {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
        let name = text("/metadata/name")
            .ok_or("an object has no name")?
            .to_owned();
        let word = text("/kind").unwrap_or_default().to_lowercase();
        let kind = kind(&word)?;
        let namespace = text("/metadata/namespace").map(ToOwned::to_owned);
        match namespace.as_deref() {
            _ if kind == "Namespace" => {}
            Some(namespace) if self.get("Namespace", namespace).is_some() => {}
            other => return Err(format!("{kind}/{name}: there is no namespace {other:?}")),
        }
        if kind == "Deployment" {
            let before = self.get(kind, &name);
            let stated = |object: &Value| object.pointer("/spec/replicas").cloned();
            let count = match (stated(&object), before) {
                (Some(count), _) => count,
                // A field that is not applied any more gets its default; one that never was stays as others have set it.
                (None, Some(before)) if before["stated"] == true => json!(1),
                (None, Some(before)) => before["count"].clone(),
                (None, None) => json!(1),
            };
            object["stated"] = stated(&object).is_some().into();
            object["count"] = count;
        }
        let done = format!("{word}/{name} configured\n");
        self.0.insert((kind.to_owned(), name), object);
        Ok(done)
    }

    /// Keeps a Secret with these literals, as `key=value`.
    pub fn create_secret(&mut self, name: &str, literals: &[&str]) -> Result<String, String> {
        if self.get("Secret", name).is_some() {
            return Err(format!("the secret {name:?} exists already"));
        }
        let mut data = json!({});
        for literal in literals {
            let (key, value) = literal.split_once('=').ok_or("a literal is KEY=VALUE")?;
            data[key] = STANDARD.encode(value).into();
        }
        let metadata = json!({"name": name, "namespace": "flash"});
        self.apply(json!({"kind": "Secret", "metadata": metadata, "data": data}))
    }

    /// A value of a Secret.
    pub fn secret(&self, name: &str, key: &str) -> Option<String> {
        let value = self.get("Secret", name)?["data"][key].as_str()?;
        Some(String::from_utf8(STANDARD.decode(value).unwrap()).unwrap())
    }

    /// The environment of the container of a Deployment.
    pub fn environment(&self, deployment: &Value) -> Vec<(String, String)> {
        let container = &deployment["spec"]["template"]["spec"]["containers"][0];
        let map = container["envFrom"][0]["configMapRef"]["name"].as_str();
        let map = self.get("ConfigMap", map.unwrap()).expect("the ConfigMap");
        let common = map["data"].as_object().unwrap().iter();
        let common = common.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()));
        let own = container["env"].as_array().into_iter().flatten();
        let text = |one: &Value, key: &str| one[key].as_str().unwrap().to_owned();
        let own = own.map(|one| (text(one, "name"), text(one, "value")));
        common.chain(own).collect()
    }
}
