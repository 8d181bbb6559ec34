#!/usr/bin/env bash
# Makes the files of a release from a built program: an archive, which people and `cargo binstall` take, and a .deb if DEB is set.
# The archive has the program, its manual pages, the completions of shells, and the licences.
# Usage: packaging/package.sh PROGRAM TARGET FOLDER, such as packaging/package.sh target/dist/flash x86_64-unknown-linux-gnu files
# Needs tar and gzip; a .deb needs cargo-deb and dpkg-shlibdeps.
set -euo pipefail
program=$(realpath "$1") target=$2
mkdir -p "$3"
folder=$(realpath "$3")
cd "$(dirname "$0")/.."

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -1)
name=flash-$version-$target
# Cargo.toml takes the files of the .deb from here.
files=target/package
rm -rf "$files"
mkdir -p "$files/completions"
cp "$program" "$files/flash"
"$program" man --directory "$files/man"
for shell in bash zsh fish; do "$program" completions "$shell" >"$files/completions/flash.$shell"; done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/$name"
cp -R "$files"/* README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE "$work/$name"
tar -C "$work" -czf "$folder/$name.tar.gz" "$name"

if [ -n "${DEB:-}" ]; then
  cargo deb --no-build --no-strip --target "$target" --output "$folder"
fi
