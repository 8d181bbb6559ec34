#!/usr/bin/env bash
# Prints the part of CHANGELOG.md about a release. Usage: packaging/notes.sh 0.1.0
set -euo pipefail
cd "$(dirname "$0")/.."

notes=$(awk -v heading="## [$1]" '/^## \[/ { on = index($0, heading) == 1; next } on' CHANGELOG.md)
if [ -z "$notes" ]; then
  echo "CHANGELOG.md has no part about $1" >&2
  exit 1
fi
printf '%s\n' "$notes"
