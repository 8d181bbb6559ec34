//! The OpenAPI documents tell people and generators what each operation does.

use serde_json::Value;

use crate::server::Server;

const METHODS: [&str; 5] = ["get", "put", "post", "patch", "delete"];

/// The operations of all versions, each with the name of its version.
fn operations() -> Vec<(String, Value)> {
    let server = Server::start();
    let mut found = Vec::new();
    let versions = server.get("/versions").send().ok().json();
    for version in versions["versions"].as_array().unwrap() {
        let version = version["version"].as_str().unwrap();
        let document = server.get(&format!("/openapi.json?version={version}"));
        let document = document.send().ok().json();
        for item in document["paths"].as_object().unwrap().values() {
            let operations = METHODS.iter().filter_map(|method| item.get(method));
            found.extend(operations.map(|operation| (version.to_owned(), operation.clone())));
        }
    }
    assert!(found.len() > 20, "{}", found.len());
    found
}

/// The successful answers of an operation: media type and Media Type Object.
fn answers(operation: &Value) -> Vec<(String, Value)> {
    let responses = operation["responses"].as_object().unwrap();
    let successes = responses
        .iter()
        .filter(|(status, _)| status.starts_with('2'));
    let contents = successes.filter_map(|(_, response)| response["content"].as_object());
    let forms = contents.flatten();
    forms
        .map(|(name, form)| (name.clone(), form.clone()))
        .collect()
}

#[test]
fn every_operation_of_every_version_has_a_description_that_says_more_than_its_summary() {
    for (version, operation) in operations() {
        let text = |member: &str| operation[member].as_str().unwrap_or_default().to_owned();
        let (summary, description) = (text("summary"), text("description"));
        assert!(
            description.len() > summary.len() && description.ends_with('.'),
            "{version} {}: {description:?}",
            operation["operationId"]
        );
    }
}

#[test]
fn every_answer_of_every_version_has_an_example() {
    for (version, operation) in operations() {
        for (media_type, form) in answers(&operation) {
            assert!(
                form.get("example").is_some(),
                "{version} {} {media_type}",
                operation["operationId"]
            );
        }
    }
}

#[test]
fn every_json_answer_of_every_version_has_a_named_shape() {
    for (version, operation) in operations() {
        let answers = answers(&operation);
        let json = answers
            .iter()
            .filter(|(name, _)| name.ends_with("json") && !name.ends_with("ndjson"));
        for (media_type, form) in json {
            assert!(
                form["schema"]["$ref"].is_string(),
                "{version} {} {media_type}: {}",
                operation["operationId"],
                form["schema"]
            );
        }
    }
}
