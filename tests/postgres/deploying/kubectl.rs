//! The real kubectl, which renders manifests, and the program that stands in for it in a shell.

use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Hands its arguments and its input to the test, and ends as that says.
const PROGRAM: &str = r#"#!/bin/bash
set -euo pipefail
if [ "$1" = kustomize ]; then exec "$REAL" "$@"; fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
printf '%s\0' "$PWD" "$@" >"$folder/asked"
printf '\0' >>"$folder/asked"
case " $* " in *' -i '* | *' -f - '*) cat >>"$folder/asked" ;; esac
curl --silent --show-error -H 'Expect:' --data-binary "@$folder/asked" --output "$folder/answer" "http://ADDRESS/"
code=$(head -n 1 "$folder/answer")
if [ "$code" != 0 ]; then tail -n +2 "$folder/answer" >&2; exit "$code"; fi
tail -n +2 "$folder/answer"
# A tunnel that runs in the background stays until it is ended.
case " $* " in *' port-forward '*) if [ /dev/stdin -ef /dev/null ]; then exec sleep 600; fi ;; esac
"#;

/// Where kubectl is. `None` where it is not installed, which is a failure in CI.
pub fn real() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path)
        .map(|folder| folder.join("kubectl"))
        .find(|file| file.is_file());
    assert!(
        found.is_some() || env::var_os("CI").is_none(),
        "kubectl is not installed"
    );
    found
}

/// Writes the program that stands in for kubectl and asks that address.
pub fn install(folder: &Path, real: &Path, address: &str) {
    let program = PROGRAM
        .replace("$REAL", real.to_str().unwrap())
        .replace("ADDRESS", address);
    let file = folder.join("kubectl");
    fs::write(&file, program).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o755)).unwrap();
}

/// What kubectl renders of a folder.
pub fn render(real: &Path, directory: &Path, what: &str) -> Result<String, String> {
    let output = Command::new(real)
        .args(["kustomize", what])
        .current_dir(directory)
        .output();
    let output = output.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    match output.status.success() {
        true => Ok(text(output.stdout)),
        false => Err(text(output.stderr)),
    }
}
