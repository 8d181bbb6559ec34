//! What is wrong with a version beside its contract. A preview may change, and says so by its files; a stable version only
//! grows, and tells of it.

use semver::Version;
use serde_json::Value;

use super::changes::{Class, sentences};
use super::document;
use super::served::Served;

/// What is wrong; nothing, if the version keeps what `frozen` promised.
pub fn complaints(served: &Served, frozen: &Value) -> Vec<String> {
    let name = &served.name;
    let changes = document::compare(frozen, &served.document);
    let breaking = sentences(name, &changes, Class::Breaking);
    let additive = sentences(name, &changes, Class::Additive);
    if served.preview {
        return preview(name, [breaking, additive].concat());
    }
    if !breaking.is_empty() {
        let end = format!("{name} is stable: what breaks its clients belongs into a new version");
        return [breaking, vec![end]].concat();
    }
    let before = match frozen["info"]["version"].as_str().map(Version::parse) {
        Some(Ok(before)) => before,
        _ => {
            return vec![format!(
                "the contract of {name} does not say of which release it is"
            )];
        }
    };
    let now = &served.semantic;
    if *now < before || now.major != before.major {
        return vec![format!(
            "{name} is {now}, and its contract is already of {before}"
        )];
    }
    if additive.is_empty() {
        return Vec::new();
    }
    let mut wrong = Vec::new();
    if now.minor == before.minor {
        wrong.push(format!(
            "{name} has something new and is {now}, as in its contract ({before}): give it a higher MINOR, {}.{}.0",
            before.major,
            before.minor + 1
        ));
    }
    if now.minor == before.minor || !served.releases.contains(now) {
        wrong.push(format!(
            "{name} has something new: its changelog needs a release of its own, with what is new"
        ));
    }
    match wrong.is_empty() {
        true => wrong,
        false => [additive, wrong].concat(),
    }
}

fn preview(name: &str, mut changes: Vec<String>) -> Vec<String> {
    if !changes.is_empty() {
        changes.push(format!(
            "{name} is a preview and may change: FLASH_RENEW_CONTRACT={name} cargo test --test it contracts renews its files"
        ));
    }
    changes
}
