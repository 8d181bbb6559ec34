#!/usr/bin/env bash
# Other programs as clients: one that is generated from the OpenAPI document, those that read Parquet, and the recipes of docs/recipes.md.
# Needs the built program, curl and python3, and installs Python packages from PyPI under target/. It takes about a minute.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/served.sh

for version in v1 v2; do
  curl --silent --fail --output "$folder/$version.json" "$address/openapi.json?version=$version"
  "$tools/bin/python" tests/clients/examples.py "$folder/$version.json"
  # It warns about CSV bodies, which it doesn't know.
  "$tools/bin/openapi-python-client" generate --path "$folder/$version.json" --meta none \
    --output-path "$folder/$version/flash_client" >"$folder/generated" 2>&1 || { cat "$folder/generated" >&2; exit 1; }
done
PYTHONPATH=$folder/v2 "$tools/bin/python" tests/clients/generated.py "$address"
echo 'the generated client: ok'

"$tools/bin/python" tests/clients/parquet.py "$address" "$folder"

mkdir "$folder/recipes"
cp tests/data/people.csv "$folder/recipes"
"$tools/bin/python" tests/clients/recipes.py docs/recipes.md "$address" "$folder/recipes"
