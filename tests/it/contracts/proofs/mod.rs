//! Proofs that the contracts hold: a change of a copy fails with the sentence that says whom it breaks, and what may change
//! passes.

mod additive;
mod breaking;
mod exchanges;
mod renewing;

use semver::Version;
use serde_json::{Map, Value};

use super::folder::{self, Contract};
use super::freeze;
use super::renewal;
use super::served::Served;

/// The contract that is committed.
fn contract(name: &str) -> Contract {
    drop(renewal::outcome());
    Contract::read(&folder::root(), name)
}

/// The version as its contract has it, and stable.
fn served(contract: &Contract) -> Served {
    let document = contract.document.clone().unwrap();
    let semantic: Version = document["info"]["version"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    Served {
        name: contract.name.clone(),
        releases: vec![semantic.clone()],
        semantic,
        preview: false,
        document,
    }
}

/// What is said of a version whose document was changed so, and nothing else.
fn complaints(name: &str, change: impl FnOnce(&mut Value)) -> Vec<String> {
    let contract = contract(name);
    let mut served = served(&contract);
    change(&mut served.document);
    assert_ne!(
        Some(&served.document),
        contract.document.as_ref(),
        "nothing was changed"
    );
    freeze::complaints(&served, contract.document.as_ref().unwrap())
}

#[track_caller]
fn at<'v>(document: &'v mut Value, pointer: &str) -> &'v mut Value {
    let found = document.pointer_mut(pointer);
    found.unwrap_or_else(|| panic!("{pointer} is not there"))
}

#[track_caller]
fn object<'v>(document: &'v mut Value, pointer: &str) -> &'v mut Map<String, Value> {
    at(document, pointer).as_object_mut().unwrap()
}

#[track_caller]
fn list<'v>(document: &'v mut Value, pointer: &str) -> &'v mut Vec<Value> {
    at(document, pointer).as_array_mut().unwrap()
}

/// A parameter of an operation.
#[track_caller]
fn parameter<'v>(document: &'v mut Value, operation: &str, name: &str) -> &'v mut Value {
    let all = list(document, &format!("{operation}/parameters"));
    all.iter_mut()
        .find(|parameter| parameter["name"] == name)
        .unwrap()
}
