#!/usr/bin/env bash
# The pages in a real browser: Debian's chromium, driven by playwright. Each story has a server of its own.
# Needs the built program, chromium and python3, and installs Python packages from PyPI under target/. It takes some minutes.
#
#   tests/browser.sh                      all stories
#   tests/browser.sh -k upload            those whose name has the word
#   tests/browser.sh --screenshots        also renews docs/images
#
# FLASH_PROGRAM is the program to test (default: target/debug/flash), FLASH_CHROMIUM the browser.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=$PWD/target/browser
if ! cmp -s tests/browser/requirements.txt "$tools/requirements.txt"; then
  python3 -m venv "$tools"
  "$tools/bin/pip" install --quiet --disable-pip-version-check --requirement tests/browser/requirements.txt
  cp tests/browser/requirements.txt "$tools"
fi
FLASH_PROGRAM=${FLASH_PROGRAM:-$PWD/target/debug/flash}
export FLASH_PROGRAM
exec "$tools/bin/python" -B -m pytest -p no:cacheprovider --quiet --rootdir tests/browser tests/browser "$@"
