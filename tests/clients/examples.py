"""Compares the examples in an OpenAPI document with their schemas."""

import json
import sys
from pathlib import Path

from jsonschema import Draft202012Validator

document = json.loads(Path(sys.argv[1]).read_text())
found = 0
for item in document["paths"].values():
    for operation in item.values():
        for response in operation["responses"].values():
            for form in response.get("content", {}).values():
                if "example" in form:
                    schema = {**form["schema"], "components": document["components"]}
                    Draft202012Validator(schema).validate(form["example"])
                    found += 1
assert found > 10, found
print(f"examples of {document['info']['version']}: {found} ok")
