# shellcheck shell=bash
# Sourced by the tests of what clients see: installs the Python tools under target/, and starts the built program. Afterwards,
# `tools` is the virtual environment, `folder` a temporary folder, and `address` the URL of the API.
# Needs the built program, curl and python3.

tools=$PWD/target/python
flash=${FLASH:-target/debug/flash}
if ! cmp -s tests/requirements.txt "$tools/requirements.txt"; then
  python3 -m venv "$tools"
  "$tools/bin/pip" install --quiet --disable-pip-version-check --requirement tests/requirements.txt
  cp tests/requirements.txt "$tools"
fi

folder=$(mktemp -d)
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
