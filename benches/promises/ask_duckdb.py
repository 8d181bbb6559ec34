"""Answers SQL by DuckDB: `python ask_duckdb.py DATABASE`, and then a statement a line on standard input.

For each a line on standard output has the microseconds that it took, until all rows were fetched, and how many of the
rows were a JSON object.
"""

import sys
import time

import duckdb

connection = duckdb.connect(sys.argv[1])
for statement in sys.stdin:
    begun = time.perf_counter_ns()
    found = connection.execute(statement).fetchall()
    micros = (time.perf_counter_ns() - begun) // 1000
    objects = sum(str(row[0]).startswith("{") for row in found)
    print(micros, objects, flush=True)
