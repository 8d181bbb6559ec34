//! The versions as a server shows them.

use flash::api::versions::VERSIONS;
use semver::Version;
use serde_json::Value;

use crate::server::Server;

/// A version as it is served.
#[derive(Clone, Debug)]
pub struct Served {
    /// Its name, such as `v2`.
    pub name: String,
    /// Its full semantic version.
    pub semantic: Version,
    /// Whether it may still change.
    pub preview: bool,
    /// The releases that its changelog has entries of.
    pub releases: Vec<Version>,
    /// Its OpenAPI document.
    pub document: Value,
}

/// All of them, the newest first.
pub fn versions() -> Vec<Served> {
    let server = Server::start();
    let list = server.get("/versions").send().ok().json();
    let all = list["versions"].as_array().unwrap().iter();
    all.map(|version| {
        let text = |key: &str| version[key].as_str().unwrap().to_owned();
        let document = version["links"]["openapi"].as_str().unwrap();
        let document = server.get(document).send().ok().json();
        assert_eq!(
            document["info"]["version"], version["semantic_version"],
            "the document tells its own release"
        );
        Served {
            releases: releases(&text("version")),
            name: text("version"),
            semantic: text("semantic_version").parse().unwrap(),
            preview: version["state"] == "preview",
            document,
        }
    })
    .collect()
}

/// `/changelog` begins after the oldest version, so what a version's releases brought is read from the registry.
fn releases(name: &str) -> Vec<Version> {
    let version = VERSIONS
        .iter()
        .find(|version| format!("v{}", version.number) == name);
    let releases = version.unwrap().changelog.iter();
    releases
        .filter(|release| !release.changes.is_empty())
        .map(|release| {
            let (minor, patch) = release.semantic;
            Version::new(u64::from(version.unwrap().number), minor, patch)
        })
        .collect()
}
