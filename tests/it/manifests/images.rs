//! Which images are run, and that they are those of this release.

use std::fs;

use super::{each_container, overlays, root};

const REPOSITORY: &str = "ghcr.io/kubernetes-flash/kubernetes-flash";

#[test]
fn images_have_a_registry_and_a_tag_and_are_asked_for_at_every_start() {
    each_container(|title, container| {
        let image = container["image"].as_str().unwrap();
        let (registry, rest) = image.split_once('/').unwrap();
        assert!(registry.contains('.'), "{title}: {image} names no registry");
        let (_, tag) = rest.rsplit_once(':').unwrap();
        assert!(tag != "latest" && !tag.is_empty(), "{title}: {image}");
        assert_eq!(container["imagePullPolicy"], "Always", "{title}");
    });
}

#[test]
fn the_manifests_and_the_image_are_of_this_release() {
    let release = env!("CARGO_PKG_VERSION");
    for overlay in overlays() {
        let container = overlay.api().containers().next().unwrap();
        assert_eq!(container["name"], "api");
        assert_eq!(container["image"], format!("{REPOSITORY}:{release}"));
    }
    let dockerfile = fs::read_to_string(root().join("Dockerfile")).unwrap();
    assert!(dockerfile.contains(&format!("ARG VERSION={release}\n")));
    let toolchain = env!("CARGO_PKG_RUST_VERSION");
    assert!(dockerfile.contains(&format!("ARG RUST_IMAGE=rust:{toolchain}-")));
}

#[test]
fn the_image_runs_as_the_user_that_the_manifests_say() {
    let dockerfile = fs::read_to_string(root().join("Dockerfile")).unwrap();
    for overlay in overlays() {
        let context = overlay.api().pod("/securityContext");
        let user = format!("USER {}:{}\n", context["runAsUser"], context["runAsGroup"]);
        assert!(dockerfile.contains(&user), "{user}");
    }
}
