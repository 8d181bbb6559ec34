//! What the suite demands of every version.

use std::collections::BTreeSet;

use super::folder::{self, Contract};
use super::freeze;
use super::renewal;
use super::replay;
use super::served;

#[test]
fn a_contract_is_renewed_when_that_is_asked_for_and_allowed() {
    if let Err(reason) = renewal::outcome() {
        panic!("{reason}");
    }
}

#[test]
fn every_version_has_a_contract_and_every_contract_has_its_version() {
    drop(renewal::outcome());
    let versions: BTreeSet<_> = served::versions()
        .into_iter()
        .map(|served| served.name)
        .collect();
    let folders: BTreeSet<_> = folder::names(&folder::root()).into_iter().collect();
    assert_eq!(
        folders, versions,
        "folders of tests/contracts, and the versions"
    );
}

#[test]
fn every_version_keeps_what_its_document_promised() {
    drop(renewal::outcome());
    let mut wrong = Vec::new();
    for served in served::versions() {
        let name = &served.name;
        match Contract::read(&folder::root(), name).document {
            Some(frozen) => wrong.extend(freeze::complaints(&served, &frozen)),
            None => wrong.push(format!(
                "{name} has no contract: FLASH_RENEW_CONTRACT={name}={} cargo test --test it contracts records one",
                served.semantic
            )),
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn every_version_answers_as_it_was_recorded() {
    drop(renewal::outcome());
    let mut wrong = Vec::new();
    for name in folder::names(&folder::root()) {
        let contract = Contract::read(&folder::root(), &name);
        let themes = contract.themes.keys();
        wrong.extend(themes.flat_map(|theme| replay::differences(&contract, theme)));
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}
