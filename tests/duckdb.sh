#!/usr/bin/env bash
# Random queries, compared with DuckDB on the same CSV.
# Needs the built program, curl and python3, and installs Python packages from PyPI under target/. It takes less than a minute.
# FLASH_DUCKDB_SEED repeats a run, FLASH_DUCKDB_QUERIES makes it longer or shorter.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/served.sh

"$tools/bin/python" tests/duckdb/random_queries.py "$address" "$folder"
