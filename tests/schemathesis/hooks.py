"""CSVs for schemathesis, which knows none: most of them right, some of them wrong in the ways that files are."""

import schemathesis
from hypothesis import strategies as st

CELLS = st.one_of(
    st.integers().map(str),
    st.sampled_from(["", "NA", "007", "1.10", "true", "2026-11-22", '"a, ""b"""', '"two\nlines"', "é"]),
)


@st.composite
def csvs(draw):
    width = draw(st.integers(min_value=1, max_value=4))
    header = draw(st.sampled_from([["id", "name", "zip", "born"], ["a", "a", "", "é"]]))[:width]
    rows = draw(st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=5))
    text = "\n".join(",".join(row) for row in [header, *rows]) + "\n"
    return text.encode()


BODIES = st.one_of(csvs(), csvs(), csvs(), st.binary(max_size=40), st.just(b'a,b\n1\n'))

schemathesis.openapi.media_type(
    "text/csv",
    BODIES,
    aliases=[
        "text/tab-separated-values",
        "application/vnd.flash.v1+csv",
        "application/vnd.flash.v2+csv",
        "application/octet-stream",
    ],
)


@schemathesis.hook
def before_call(context, case, kwargs):
    """Keeps the version that the document describes: a request without it, or with another one, gets another version's answer."""
    major = case.operation.schema.raw_schema["info"]["version"].split(".")[0]
    if "API" in case.operation.definition.raw["tags"]:
        case.query = {**(case.query or {}), "version": f"v{major}"}
    else:
        # The pages about the server have no version. Their errors have the form of the version that Accept names.
        case.headers = {**(case.headers or {}), "Accept": f"application/vnd.flash.v{major}+json"}
