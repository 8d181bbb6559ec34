//! The manifests: what each overlay renders is what Kubernetes takes, keeps the rules for a safe deployment, and fits
//! together and the program.
//!
//! What is checked is `manifests/rendered`, so that it takes no tool; where kubectl is installed, that is checked to be
//! what it renders. `UPDATE_RENDERED=1` writes it anew.

mod availability;
mod images;
mod kubectl;
mod network;
mod resources;
mod secrets;
mod security;
mod settings;
mod typed;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// An object of an overlay.
struct Object {
    /// The overlay, the kind and the name, for messages.
    title: String,
    kind: String,
    name: String,
    value: Value,
}

impl Object {
    fn of(overlay: &str, value: Value) -> Self {
        let text = |pointer| value.pointer(pointer).and_then(Value::as_str).unwrap();
        let (kind, name) = (text("/kind").to_owned(), text("/metadata/name").to_owned());
        Self {
            title: format!("{overlay}: {kind}/{name}"),
            kind,
            name,
            value,
        }
    }

    /// What is at a JSON pointer; null where nothing is.
    fn at(&self, pointer: &str) -> &Value {
        self.value.pointer(pointer).unwrap_or(&Value::Null)
    }

    fn list(&self, pointer: &str) -> &[Value] {
        self.at(pointer).as_array().map_or(&[], Vec::as_slice)
    }

    /// The pod that a Deployment or StatefulSet makes, by this pointer into its spec.
    fn pod(&self, pointer: &str) -> &Value {
        self.at(&format!("/spec/template/spec{pointer}"))
    }

    fn pod_labels(&self) -> &Value {
        self.at("/spec/template/metadata/labels")
    }

    fn containers(&self) -> impl Iterator<Item = &Value> {
        self.list("/spec/template/spec/containers").iter()
    }

    fn volumes(&self) -> &[Value] {
        self.list("/spec/template/spec/volumes")
    }
}

/// What an overlay renders.
struct Overlay {
    name: String,
    objects: Vec<Object>,
}

impl Overlay {
    fn named(name: &str) -> Self {
        let text = fs::read_to_string(rendered(name)).unwrap();
        let documents: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap();
        let objects = documents.into_iter();
        Self {
            name: name.to_owned(),
            objects: objects.map(|value| Object::of(name, value)).collect(),
        }
    }

    fn kind(&self, kind: &str) -> impl Iterator<Item = &Object> {
        self.objects
            .iter()
            .filter(move |object| object.kind == kind)
    }

    #[track_caller]
    fn one(&self, kind: &str, name: &str) -> &Object {
        let mut found = self.kind(kind).filter(|object| object.name == name);
        let first = found.next();
        first.unwrap_or_else(|| panic!("{} has no {kind}/{name}", self.name))
    }

    fn api(&self) -> &Object {
        self.one("Deployment", "api")
    }

    /// Whatever makes pods.
    fn workloads(&self) -> impl Iterator<Item = &Object> {
        self.kind("Deployment").chain(self.kind("StatefulSet"))
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rendered(overlay: &str) -> PathBuf {
    root().join(format!("manifests/rendered/{overlay}.yaml"))
}

fn names() -> Vec<String> {
    let folders = fs::read_dir(root().join("manifests/overlays")).unwrap();
    let names = folders.map(|folder| folder.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    assert_eq!(names, ["gke", "monitored", "postgres", "sqlite"]);
    names
}

fn overlays() -> Vec<Overlay> {
    names().iter().map(|name| Overlay::named(name)).collect()
}

/// Those in which replicas share a PostgreSQL.
fn replicated() -> Vec<Overlay> {
    let overlays = overlays().into_iter();
    overlays
        .filter(|overlay| overlay.name != "sqlite")
        .collect()
}

/// Checks something of whatever makes pods, in each overlay.
fn each_workload(check: impl Fn(&Object)) {
    for overlay in overlays() {
        overlay.workloads().for_each(&check);
    }
}

/// Checks something of each container, whose title comes with it.
fn each_container(check: impl Fn(&str, &Value)) {
    each_workload(|workload| {
        for container in workload.containers() {
            let name = container["name"].as_str().unwrap();
            check(&format!("{}, container {name}", workload.title), container);
        }
        assert!(workload.pod("/initContainers").is_null(), "not checked");
    });
}

/// Whether these labels are chosen by a selector's `matchLabels`.
fn selects(match_labels: &Value, labels: &Value) -> bool {
    let wanted = match_labels.as_object().unwrap();
    !wanted.is_empty()
        && wanted
            .iter()
            .all(|(key, value)| labels.get(key) == Some(value))
}
