#!/usr/bin/env bash
# Searches for a response that doesn't match the OpenAPI document of its version: schemathesis generates requests from the document,
# and compares status, media type, headers and body of each answer with it.
# Needs the built program, curl and python3, and installs its tools from PyPI under target/. It takes about two minutes.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=$PWD/target/schemathesis
flash=${FLASH:-target/debug/flash}
if ! [ -x "$tools/bin/st" ]; then
  python3 -m venv "$tools"
  "$tools/bin/pip" install --quiet --disable-pip-version-check 'schemathesis==4.32.5' 'openapi-spec-validator==0.9.0'
fi

folder=$(mktemp -d)
# schemathesis loads hooks.py from its working directory, and writes files there.
cp tests/schemathesis/* "$folder"
: >"$folder/log"
"$flash" serve --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 --database "sqlite:$folder/flash.db" 2>"$folder/log" &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
address=
for _ in $(seq 100); do
  address=$(sed -n 's/.*the API is at \(http:[^ ]*\).*/\1/p' "$folder/log")
  [ -n "$address" ] && break
  kill -0 "$server"
  sleep 0.1
done
[ -n "$address" ] || { cat "$folder/log" >&2; exit 1; }

for name in people team orders stations; do
  curl --silent --fail --output "$folder/stored" -H 'Accept: application/vnd.flash.v2+json' \
    -T "tests/data/$name.csv" "$address/datasets/$name"
done

answers=not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance
methods=unsupported_method,allow_header_conformance

check() { # version, format, seconds, checks, further options
  local version=$1 format=$2 seconds=$3 checks=$4
  shift 4
  (cd "$folder" && "$tools/bin/st" --config-file schemathesis.toml \
    run "$folder/$version.json" --url "$address" --header "Accept: application/vnd.flash.$version+$format" \
    --checks "$checks" --phases coverage,fuzzing --seed 20261122 --max-time "$seconds" --request-timeout 10 \
    --no-color --no-shrink --warnings off "$@")
}

for version in v1 v2; do
  curl --silent --fail --output "$folder/$version.json" "$address/openapi.json?version=$version"
  "$tools/bin/openapi-spec-validator" --schema 3.1 "$folder/$version.json"
  check "$version" json 35 "$answers,$methods" --exclude-operation-id delete_dataset
done
# An unsupported method is refused in JSON, so a request that only accepts CSV gets 406 instead of 405.
check v1 csv 8 "$answers" --include-operation-id get_dataset
check v2 csv 8 "$answers" --include-operation-id list_rows --include-operation-id get_source
check v2 ndjson 8 "$answers" --include-operation-id list_rows
# Last, because it deletes the datasets.
for version in v1 v2; do
  check "$version" json 5 "$answers,$methods" --include-operation-id delete_dataset
done
