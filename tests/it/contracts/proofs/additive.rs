//! What only adds passes with a higher MINOR and an entry in the changelog, and text passes as it is.

use semver::Version;
use serde_json::{Value, json};

use super::{at, complaints, contract, list, object, parameter, served};
use crate::contracts::freeze;

const LIST: &str = "/paths/~1datasets/get";

type Change = fn(&mut Value);

/// Changes of version 2 that break nobody, and what is said of them.
const ADDITIONS: [(&str, Change); 12] = [
    ("PATCH /datasets: the operation is new", |document| {
        let operation = at(document, LIST).clone();
        object(document, "/paths/~1datasets").insert("patch".into(), operation);
    }),
    (
        "GET /datasets query parameter `order`: it is new",
        |document| {
            let new = json!({ "in": "query", "name": "order", "required": false, "schema": {} });
            list(document, &format!("{LIST}/parameters")).push(new);
        },
    ),
    (
        "GET /datasets query parameter `edition`: it is new",
        |document| {
            // It is required, but its one value is the default.
            let schema = json!({ "type": "string", "enum": ["v2"], "default": "v2" });
            let new =
                json!({ "in": "query", "name": "edition", "required": true, "schema": schema });
            list(document, &format!("{LIST}/parameters")).push(new);
        },
    ),
    ("the field `title` is new", |document| {
        let fields = "/components/schemas/Dataset/properties";
        object(document, fields).insert("title".into(), json!({ "type": "string" }));
    }),
    ("the field `[].title` is new", |document| {
        let fields = "/components/schemas/CsvUpload/properties";
        object(document, fields).insert("title".into(), json!({ "type": "string" }));
    }),
    (
        "GET /datasets 200 header `X-Total`: it is new",
        |document| {
            let headers = format!("{LIST}/responses/200/headers");
            object(document, &headers).insert("X-Total".into(), json!({ "schema": {} }));
        },
    ),
    (
        "GET /datasets 200 text/html: the media type is new",
        |document| {
            let content = format!("{LIST}/responses/200/content");
            object(document, &content).insert("text/html".into(), json!({ "schema": {} }));
        },
    ),
    ("GET /datasets 203: the status is new", |document| {
        let responses = object(document, &format!("{LIST}/responses"));
        let mut answer = responses["200"].clone();
        answer["x-only-with"] = "lenient".into();
        responses.insert("203".into(), answer);
    }),
    ("GET /datasets 402: the status is new", |document| {
        let responses = object(document, &format!("{LIST}/responses"));
        let refusal = responses["400"].clone();
        responses.insert("402".into(), refusal);
    }),
    ("the value may be \"xml\" now", |document| {
        let rows = "/paths/~1datasets~1{name}~1rows/get";
        list(parameter(document, rows, "format"), "/schema/enum").push("xml".into());
    }),
    ("the value has more alternatives now", |document| {
        let create = "/paths/~1datasets/post/requestBody/content/multipart~1form-data/schema";
        let form = at(document, create);
        *form = json!({ "anyOf": [{ "type": "string" }, form.take()] });
    }),
    ("`maximum` of the value was 1000 and is 2000", |document| {
        parameter(document, LIST, "limit")["schema"]["maximum"] = 2000.into();
    }),
];

#[test]
fn an_addition_under_the_same_release_fails_and_says_what_it_needs() {
    let minor = served(&contract("v2")).semantic.minor + 1;
    let wanted = format!("give it a higher MINOR, 2.{minor}.0");
    for (says, change) in ADDITIONS {
        let complaints = complaints("v2", change);
        for word in [says, wanted.as_str(), "its changelog needs a release"] {
            assert!(
                complaints.iter().any(|sentence| sentence.contains(word)),
                "{word:?} is not in\n{}",
                complaints.join("\n")
            );
        }
        assert!(!complaints.concat().contains("break"), "{complaints:?}");
    }
}

#[test]
fn an_addition_passes_with_a_higher_minor_and_an_entry_in_the_changelog_and_not_with_one_of_both() {
    let contract = contract("v2");
    let frozen = contract.document.as_ref().unwrap();
    let now = served(&contract).semantic;
    let release = |minor, patch| Version::new(2, now.minor + minor, now.patch + patch);
    for (says, change) in ADDITIONS {
        let mut served = served(&contract);
        change(&mut served.document);
        let mut passes = |semantic: Version, releases: &[Version]| {
            served.semantic = semantic;
            served.releases = releases.to_vec();
            freeze::complaints(&served, frozen).is_empty()
        };
        let all = [release(1, 0), release(0, 0)];
        assert!(passes(release(1, 0), &all), "{says}");
        assert!(!passes(release(1, 0), &all[1..]), "{says}");
        assert!(!passes(release(0, 0), &all), "{says}");
        assert!(!passes(release(0, 1), &[release(0, 1)]), "{says}");
    }
}

#[test]
fn text_is_no_change() {
    let complaints = complaints("v2", |document| {
        at(document, LIST)["summary"] = "Other words".into();
        at(document, "/info")["description"] = "Other words".into();
        at(document, "/info")["version"] = "2.0.1".into();
        at(document, "/components/securitySchemes/key")["description"] = "Other words".into();
        let shape = at(document, "/components/schemas/Dataset");
        shape["description"] = "Other words".into();
        shape["properties"]["name"]["examples"] = json!(["people"]);
        shape["properties"]["name"]["description"] = "Other words".into();
    });
    assert_eq!(complaints, [""; 0]);
}

#[test]
fn a_shape_under_another_name_is_the_same_shape() {
    let complaints = complaints("v2", |document| {
        let text = document.to_string();
        let renamed = text
            .replace("schemas/Dataset\"", "schemas/Table\"")
            .replace("\"Dataset\":", "\"Table\":");
        *document = serde_json::from_str(&renamed).unwrap();
    });
    assert_eq!(complaints, [""; 0]);
}

#[test]
fn a_release_before_that_of_the_contract_or_of_another_major_fails() {
    let contract = contract("v2");
    let mut frozen = contract.document.clone().unwrap();
    let served = served(&contract);
    let next = Version::new(2, served.semantic.minor + 1, 0);
    for release in [&next.to_string(), "1.0.0", "3.0.0"] {
        frozen["info"]["version"] = release.into();
        let complaints = freeze::complaints(&served, &frozen).concat();
        assert!(complaints.contains(release), "{complaints}");
    }
}

#[test]
fn a_preview_may_change_and_says_how_its_files_are_renewed() {
    let contract = contract("v2");
    let frozen = contract.document.as_ref().unwrap();
    let mut served = served(&contract);
    served.preview = true;
    assert_eq!(freeze::complaints(&served, frozen), [""; 0]);
    object(&mut served.document, "/paths").remove("/client");
    let complaints = freeze::complaints(&served, frozen).join("\n");
    assert!(
        complaints.contains("FLASH_RENEW_CONTRACT=v2 "),
        "{complaints}"
    );
}
