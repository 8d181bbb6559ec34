"""Uses the client that openapi-python-client generates from the document of version 2, without a header of its own."""

import sys
from io import BytesIO

from flash_client import Client
from flash_client.api.api import append_rows, create_datasets, delete_dataset, get_root, list_datasets, list_rows, put_dataset
from flash_client.models import CreateDatasetsDialect, CsvUpload, ListRowsFilters, PutDatasetFormats, PutDatasetFormatsDecimal
from flash_client.types import File

ROWS = "".join(f"{id},name {id}\n" for id in range(3, 250))

client = Client(base_url=sys.argv[1], raise_on_unexpected_status=True)
root = get_root.sync(client=client)
assert root.version.startswith("2."), root

# One CSV as JSON, with a parameter whose name is that of a Python function.
created = create_datasets.sync(
    client=client,
    body=CsvUpload(name="generated", csv="# a title\nid;name\n1;'Ada'\n"),
    dialect=CreateDatasetsDialect(comment="#", quote="'"),
)
[dataset] = created.data
assert (dataset.name, dataset.revision, dataset.row_count) == ("generated", 1, 1), created
assert "generated" in [one.name for one in list_datasets.sync(client=client).data]

# A file is replaced, and appended to.
put = put_dataset.sync(
    "generated",
    client=client,
    body=File(payload=BytesIO(b"id,name\n1,Ada\n2,Bob\n")),
    formats=PutDatasetFormats(decimal=PutDatasetFormatsDecimal.VALUE_0),
)
assert (put.revision, put.row_count) == (2, 2), put
appended = append_rows.sync("generated", client=client, body=File(payload=BytesIO(f"id,name\n{ROWS}".encode())))
assert (appended.revision, appended.row_count) == (3, 249), appended

# Filtered rows, page by page.
found, pages, cursor = [], 0, None
while pages == 0 or cursor:
    filters = ListRowsFilters.from_dict({"id": "gt.40"})
    more = {"cursor": cursor} if cursor else {}
    page = list_rows.sync("generated", client=client, filters=filters, limit=100, **more)
    found += [row["id"] for row in page.data]
    pages, cursor = pages + 1, page.next_
assert (found, pages) == (list(range(41, 250)), 3), (found, pages)

refused = append_rows.sync("nowhere", client=client, body=File(payload=BytesIO(b"a\n1\n")))
assert refused.status == 404 and "nowhere" in refused.detail, refused
delete_dataset.sync("generated", client=client)
