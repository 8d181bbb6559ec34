//! What kubectl makes of the manifests, where it is installed. None of it talks to a cluster.

use std::env;
use std::fs;
use std::io::ErrorKind;
use std::process::{Command, Output};

use serde_json::Value;

use super::{Overlay, names, rendered, root};

/// Runs kubectl; `None` where it is not installed, which is a failure in CI.
fn kubectl(arguments: &[&str]) -> Option<String> {
    let Output {
        status,
        stdout,
        stderr,
    } = match Command::new("kubectl")
        .args(arguments)
        .current_dir(root())
        .output()
    {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            assert!(env::var_os("CI").is_none(), "kubectl is not installed");
            eprintln!("kubectl is not installed: not compared with what it does");
            return None;
        }
        output => output.unwrap(),
    };
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    Some(String::from_utf8(stdout).unwrap())
}

#[test]
fn what_is_rendered_is_what_the_overlays_say() {
    for name in names() {
        let Some(text) = kubectl(&["kustomize", &format!("manifests/overlays/{name}")]) else {
            return;
        };
        if env::var_os("UPDATE_RENDERED").is_some() {
            fs::write(rendered(&name), &text).unwrap();
        }
        let kept = fs::read_to_string(rendered(&name)).unwrap_or_default();
        assert!(
            kept == text,
            "manifests/rendered/{name}.yaml is not of today: run UPDATE_RENDERED=1 cargo test --test it manifests"
        );
    }
}

#[test]
fn an_image_is_set_by_the_command_that_is_documented() {
    let folder = tempfile::TempDir::new().unwrap();
    let documents = include_str!("../../../docs/deploy.md");
    assert!(documents.contains("set image deployment.apps/api api="));
    for name in names() {
        let overlay = Overlay::named(&name);
        let file = folder.path().join("deployment.json");
        fs::write(&file, overlay.api().value.to_string()).unwrap();
        let image = "registry.example/flash:v2";
        let set = format!("api={image}");
        let arguments = [
            "set",
            "image",
            "--local",
            "--output=json",
            "--filename",
            file.to_str().unwrap(),
            &set,
        ];
        let Some(text) = kubectl(&arguments) else {
            return;
        };
        let changed: Value = serde_json::from_str(&text).unwrap();
        let mut expected = overlay.api().value.clone();
        *expected
            .pointer_mut("/spec/template/spec/containers/0/image")
            .unwrap() = image.into();
        assert_eq!(
            changed["spec"]["template"]["spec"]["containers"],
            expected["spec"]["template"]["spec"]["containers"]
        );
    }
}

#[test]
fn an_own_kustomization_sets_the_image_once() {
    let folder = root().join("target/own-kustomization");
    fs::create_dir_all(&folder).unwrap();
    let documents = include_str!("../../../docs/deploy.md");
    let own = documents
        .split("cat >kustomization.yaml <<END\n")
        .nth(1)
        .unwrap();
    let own = own.split("END\n").next().unwrap();
    let own = own
        .replace("manifests/overlays", "../../manifests/overlays")
        .replace("$IMAGE", "registry.example/flash");
    fs::write(folder.join("kustomization.yaml"), own).unwrap();
    if let Some(text) = kubectl(&["kustomize", folder.to_str().unwrap()]) {
        assert!(
            text.contains("image: registry.example/flash:v1\n"),
            "{text}"
        );
    }
}
