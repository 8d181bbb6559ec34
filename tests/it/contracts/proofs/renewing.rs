//! Renewing records a preview anew, and takes no promise of a stable version back.

use std::fs;
use std::path::Path;

use serde_json::json;
use tempfile::TempDir;

use super::{contract, served};
use crate::contracts::folder::Contract;
use crate::contracts::renewal::renew;

/// A copy of the contract of version 2 with one theme.
fn copy() -> (TempDir, Contract) {
    let root = TempDir::new().unwrap();
    let mut contract = contract("v2");
    contract.themes.retain(|name, _| name == "root");
    contract.folder = root.path().join("v2");
    contract.write();
    let patterns = json!(contract.patterns).to_string();
    fs::write(contract.folder.join("patterns.json"), patterns).unwrap();
    (root, contract)
}

fn files(contract: &Contract) -> [String; 2] {
    ["openapi.json", "exchanges/root.json"]
        .map(|file| fs::read_to_string(contract.folder.join(file)).unwrap())
}

/// The copy is not renewed, for a reason with all of `words`, and stays as it is.
#[track_caller]
fn refused(wish: &str, (root, contract): &(TempDir, Contract), words: &[&str]) {
    let before = files(contract);
    let served = served(&super::contract("v2"));
    let reason = renew(wish, root.path(), &[served]).unwrap_err();
    for word in words {
        assert!(reason.contains(word), "{word:?} is not in {reason}");
    }
    assert_eq!(files(contract), before);
}

fn document(root: &Path) -> serde_json::Value {
    Contract::read(root, "v2").document.unwrap()
}

#[test]
fn a_stable_version_is_renewed_only_under_its_full_name() {
    let copy = copy();
    let now = served(&copy.1).semantic;
    let full = format!("FLASH_RENEW_CONTRACT=v2={now}");
    refused("v2", &copy, &["v2 is stable", &full]);
    refused("v2=2.99.0", &copy, &["v2 is", &full]);
    refused("v2=two", &copy, &[&full]);
    refused("v9", &copy, &["there is no version v9"]);
}

#[test]
fn a_stable_version_that_does_not_keep_its_contract_is_not_renewed() {
    let mut copy = copy();
    let now = served(&copy.1).semantic;
    let wish = format!("v2={now}");
    let whole = copy.1.document.clone();
    let dataset = |contract: &mut Contract| {
        contract.document.as_mut().unwrap()["components"]["schemas"]["Dataset"]["properties"].take()
    };
    let fields = dataset(&mut copy.1);
    let mut more = fields.clone();
    more["owner"] = json!({ "type": "string" });
    let mut less = fields.clone();
    less.as_object_mut().unwrap().remove("hints");
    for (fields, says) in [(more, "`owner` is gone"), (less, "give it a higher MINOR")] {
        copy.1.document = whole.clone();
        copy.1.document.as_mut().unwrap()["components"]["schemas"]["Dataset"]["properties"] =
            fields;
        copy.1.write();
        refused(&wish, &copy, &["does not keep its contract", says]);
    }
    copy.1.document = whole;
    let steps = &mut copy.1.themes.get_mut("root").unwrap().steps;
    steps[0].response.as_mut().unwrap().status = 203;
    copy.1.write();
    refused(
        &wish,
        &copy,
        &["does not keep its contract", "the status was 203"],
    );
}

#[test]
fn a_stable_version_that_keeps_its_contract_is_recorded_with_what_is_new() {
    let (root, mut contract) = copy();
    let served = served(&contract);
    let whole = files(&contract);
    let steps = &mut contract.themes.get_mut("root").unwrap().steps;
    steps.last_mut().unwrap().response = None;
    contract.write();
    assert_ne!(files(&contract), whole);
    let wish = format!("v2={}", served.semantic);
    renew(&wish, root.path(), &[served]).unwrap();
    assert_eq!(files(&contract), whole);
}

#[test]
fn a_version_that_was_never_frozen_is_recorded() {
    let (root, contract) = copy();
    let served = served(&contract);
    let whole = files(&contract);
    fs::remove_file(contract.folder.join("openapi.json")).unwrap();
    let wish = format!("v2={}", served.semantic);
    renew(&wish, root.path(), &[served]).unwrap();
    assert_eq!(files(&contract), whole);
}

#[test]
fn a_preview_is_recorded_anew_whatever_changed() {
    let (root, mut contract) = copy();
    let mut served = served(&contract);
    served.preview = true;
    let paths = served.document["paths"].as_object_mut().unwrap();
    paths.remove("/client");
    let whole = files(&contract);
    let steps = &mut contract.themes.get_mut("root").unwrap().steps;
    steps[0].response.as_mut().unwrap().status = 203;
    contract.write();
    renew("v2", root.path(), &[served.clone()]).unwrap();
    assert_eq!(document(root.path()), served.document);
    assert_eq!(files(&contract)[1], whole[1]);
}
