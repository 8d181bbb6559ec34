#!/bin/sh
# Builds the program as releases and the image have it: small, and fast where it works on data. Packages choose their level of optimisation in
# Cargo.toml; the arguments here are for the linking of all of them.
# Usage: packaging/build.sh [ARGUMENT OF CARGO …] [-- ARGUMENT OF RUSTC …], for example packaging/build.sh --target x86_64-unknown-linux-gnu
set -eu
cd "$(dirname "$0")/.."

given=
for argument; do [ "$argument" != -- ] || given=yes; done
[ -n "$given" ] || set -- "$@" --
# On x86-64 Linux, Rust brings LLVM's linker, which merges identical functions.
case "$(uname -s)-$(uname -m)" in
Linux-x86_64) set -- "$@" -C link-arg=-Wl,--icf=all ;;
Linux-*) set -- "$@" -C link-arg=-Wl,--gc-sections ;;
esac
# Loops are vectorised while everything is linked. The level of this package, `s`, would turn that off for all packages.
exec cargo rustc --locked --profile dist --features tls --bin flash "$@" -C opt-level=3 -C llvm-args=-inline-threshold=25
