//! The command that renews a contract: `FLASH_RENEW_CONTRACT=v3 cargo test --test it contracts`.
//!
//! A preview is recorded anew. A stable version is renewed only under its full name, as `v2=2.1.0`, and only if it keeps what
//! was promised until now: renewing adds promises to it and takes none back.

use std::env;
use std::path::Path;
use std::sync::LazyLock;

use semver::Version;

use super::folder::{self, Contract};
use super::freeze;
use super::recording;
use super::replay;
use super::served::{self, Served};
use crate::database::TEMPLATE;

const VARIABLE: &str = "FLASH_RENEW_CONTRACT";

static OUTCOME: LazyLock<Result<(), String>> = LazyLock::new(|| match env::var(VARIABLE) {
    Ok(wishes) if env::var(TEMPLATE).is_err() => wishes
        .split(',')
        .try_for_each(|wish| renew(wish, &folder::root(), &served::versions())),
    _ => Ok(()),
});

/// Does what is asked for by the environment, once, before anybody reads the files.
pub fn outcome() -> Result<(), String> {
    OUTCOME.clone()
}

/// Renews the contract that `wish` names.
pub fn renew(wish: &str, root: &Path, versions: &[Served]) -> Result<(), String> {
    let (name, release) = match wish.split_once('=') {
        Some((name, release)) => (name, Some(release)),
        None => (wish, None),
    };
    let served = versions.iter().find(|served| served.name == name);
    let served = served.ok_or_else(|| format!("{VARIABLE}={wish}: there is no version {name}"))?;
    let contract = Contract::read(root, name);
    may_be_renewed(served, release, &contract)?;
    let recorded = recording::record(&contract).map_err(|wrong| wrong.join("\n"))?;
    let document = Some(served.document.clone());
    Contract {
        document,
        ..recorded
    }
    .write();
    Ok(())
}

fn may_be_renewed(
    served: &Served,
    release: Option<&str>,
    contract: &Contract,
) -> Result<(), String> {
    let (name, now) = (&served.name, &served.semantic);
    if release.is_some_and(|release| Version::parse(release).ok().as_ref() != Some(now)) {
        return Err(format!("{name} is {now}: {VARIABLE}={name}={now}"));
    }
    if served.preview {
        return Ok(());
    }
    if release.is_none() {
        return Err(format!(
            "{name} is stable, and its contract is not renewed by the way: {VARIABLE}={name}={now} does, \
             and only where nothing breaks and what is new has a higher MINOR and an entry in the changelog"
        ));
    }
    let Some(frozen) = &contract.document else {
        return Ok(());
    };
    let mut wrong = freeze::complaints(served, frozen);
    // A step that has no answer yet promises nothing.
    let names = contract.themes.keys();
    let sentences = names.flat_map(|name| replay::differences(contract, name));
    wrong.extend(sentences.filter(|sentence| !sentence.ends_with(replay::UNRECORDED)));
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(format!(
            "{name} does not keep its contract:\n{}",
            wrong.join("\n")
        )),
    }
}
