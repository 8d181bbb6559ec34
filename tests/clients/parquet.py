"""Reads a revision as Parquet with pyarrow, polars and DuckDB, in ranges where they do, and compares every value with the NDJSON."""

import io
import json
import sys
from datetime import date, datetime, timezone
from decimal import Decimal
from urllib.request import Request, urlopen

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

address, folder = sys.argv[1], sys.argv[2]
WIDE = "12345678901234567890123456789012345678"
NAMES = ["id", "flag", "amount", "wide", "mixed", "day", "at", "local", "text"]


def lines(rows):
    yield ",".join(NAMES)
    for row in range(rows):
        nothing = row % 7 == 3
        at = f"2026-{row % 12 + 1:02}-{row % 28 + 1:02}T{row % 24:02}:00:00"
        yield ",".join(
            [
                str(row - 9_000_000_000_000_000_000),
                "" if nothing else "true" if row % 2 else "false",
                "" if nothing else f"{row}.{row % 100:02}",
                "" if nothing else f"-{WIDE}" if row % 3 else "7",
                WIDE if row % 2 else "0.5",
                "" if nothing else at[:10],
                "" if nothing else f"{at[:-2]}{row % 60:02}.25Z",
                f"{at}+02:00",
                "" if nothing else f'"text ""{row}"", é"',
            ]
        )


csv = "\n".join(lines(70_000)).encode()
urlopen(Request(f"{address}/datasets/parquet?version=v2", data=csv, method="PUT", headers={"Content-Type": "text/csv"}))
rows = f"{address}/datasets/parquet/rows?version=v2"
url = f"{rows}&format=parquet"


class Remote(io.RawIOBase):
    """A file behind a URL: its length by HEAD, and its bytes by ranges, each of the same state."""

    def __init__(self, url):
        self.url, self.at, self.ranges = url, 0, 0
        with urlopen(Request(url, method="HEAD")) as head:
            assert head.headers["Accept-Ranges"] == "bytes"
            self.length, self.tag = int(head.headers["Content-Length"]), head.headers["ETag"]

    def readable(self):
        return True

    def seekable(self):
        return True

    def tell(self):
        return self.at

    def seek(self, offset, whence=io.SEEK_SET):
        self.at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self.at, io.SEEK_END: self.length}[whence]
        return self.at

    def readinto(self, buffer):
        end = min(self.at + len(buffer), self.length)
        if end <= self.at:
            return 0
        headers = {"Range": f"bytes={self.at}-{end - 1}", "If-Range": self.tag}
        with urlopen(Request(self.url, headers=headers)) as part:
            assert part.status == 206 and part.headers["ETag"] == self.tag
            bytes = part.read()
        buffer[: len(bytes)] = bytes
        self.at += len(bytes)
        self.ranges += 1
        return len(bytes)


def plain(value):
    """A value as the API writes it, as far as a program keeps that."""
    if isinstance(value, Decimal):
        return value.normalize()
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc)
    return value


def expected():
    with urlopen(f"{rows}&format=ndjson") as answer:
        for line in answer:
            row = json.loads(line, parse_float=Decimal)
            for name in ("amount", "wide"):
                row[name] = row[name] if row[name] is None else Decimal(row[name]).normalize()
            # No type has 38 digits and decimals, so the column is text, as it is written.
            row["mixed"] = str(row["mixed"])
            row["day"] = row["day"] and date.fromisoformat(row["day"])
            row["at"] = row["at"] and datetime.fromisoformat(row["at"])
            yield [row[name] for name in NAMES]


def check(program, found):
    found = [[plain(value) for value in row] for row in found]
    assert len(found) == len(whole), f"{program}: {len(found)} rows"
    for one, other in zip(found, whole):
        assert one == other, f"{program}: {one} instead of {other}"
    print(f"{program}: ok")


whole = list(expected())

# pyarrow, over ranges: two columns don't need the whole file.
remote = Remote(url)
file = pq.ParquetFile(pa.PythonFile(remote, mode="r"))
kinds = {field.name: str(field.type) for field in file.schema_arrow}
assert kinds == {
    "id": "int64",
    "flag": "bool",
    "amount": "decimal128(7, 2)",
    "wide": "decimal128(38, 0)",
    "mixed": "string",
    "day": "date32[day]",
    "at": "timestamp[us, tz=UTC]",
    "local": "string",
    "text": "string",
}, kinds
types = json.loads(file.metadata.metadata[b"flash:type"])
assert types["wide"] == "number" and types["mixed"] == "number" and types["local"] == "datetime", types
assert file.metadata.num_row_groups == 2
check("pyarrow", [list(row.values()) for row in file.read().to_pylist()])
few = Remote(url)
pq.ParquetFile(pa.PythonFile(few, mode="r")).read(columns=["day"])
assert 0 < few.ranges < 20, few.ranges

# polars reads the URL itself.
check("polars", pl.read_parquet(url).rows())
found = pl.scan_parquet(url).filter(pl.col("flag") & (pl.col("day") > date(2026, 6, 1))).select(pl.len()).collect().item()
assert found == sum(1 for row in whole if row[1] and row[5] and row[5] > date(2026, 6, 1)), found

# DuckDB without its extension for HTTP reads a file.
path = f"{folder}/whole.parquet"
with urlopen(url) as answer, open(path, "wb") as file:
    file.write(answer.read())
duckdb.sql("SET TimeZone = 'UTC'")
check("DuckDB", duckdb.sql(f"SELECT * FROM '{path}'").fetchall())
[(nulls, least)] = duckdb.sql(f"SELECT count(*) FILTER (text IS NULL), min(id) FROM '{path}'").fetchall()
assert (nulls, least) == (10_000, -9_000_000_000_000_000_000), (nulls, least)
