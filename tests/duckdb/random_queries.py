"""Compares the answers to random queries with those of DuckDB, which reads the same CSV with the types stated.

Usage: random_queries.py ADDRESS FOLDER
"""

import csv
import datetime
import http.client
import json
import os
import random
import sys
import urllib.parse
from decimal import Decimal

import duckdb

COLUMNS = {
    "n": ("integer", "BIGINT"),
    "dest": ("string", "VARCHAR"),
    "tail": ("string", "VARCHAR"),
    "delay": ("integer", "BIGINT"),
    "fare": ("number", "DECIMAL(20, 4)"),
    "huge": ("number", "DECIMAL(38, 2)"),
    "day": ("date", "DATE"),
    "moment": ("datetime", "TIMESTAMP"),
    "late": ("boolean", "BOOLEAN"),
}
NUMBERS = ["n", "delay", "fare", "huge"]
TIMES = ["day", "moment"]
PERIODS = {
    "year": lambda c: f"year({c})",
    "quarter": lambda c: f"year({c}) || '-Q' || quarter({c})",
    "month": lambda c: f"strftime({c}, '%Y-%m')",
    "day": lambda c: f"CAST({c} AS DATE)",
    "hour": lambda c: f"date_trunc('hour', {c})",
}
FUNCTIONS = {
    "count": lambda c: f"count({c})",
    "distinct": lambda c: f"count(DISTINCT {c})",
    "min": lambda c: f"min({c})",
    "max": lambda c: f"max({c})",
    "sum": lambda c: f"sum({c})",
    "avg": lambda c: f"avg({c})",
    "median": lambda c: f"median(CAST({c} AS DOUBLE))",
}
OPERATORS = {"eq": "=", "neq": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
TEXTS = ["LAX", "SFO", "Zürich, CH", 'the "Q"', "O'Hare", "Ärger", "x"]


def value(name):
    if name != "n" and random.random() < 0.1:
        return "NA"
    if name == "dest":
        return random.choice(TEXTS)
    if name == "tail":
        return f"N{random.randrange(300)}"
    if name == "delay":
        return str(random.randrange(-20, 60))
    if name == "fare":
        return f"{random.randrange(-2000, 90000)}.{random.choice(['0', '5', '25', '1234', '50'])}"
    if name == "huge":
        return str(random.choice([10**29 + random.randrange(3), -(10**28), 2**53 + 1, 7, random.randrange(10**6)]))
    if name == "day":
        return (datetime.date(2012, 1, 1) + datetime.timedelta(random.randrange(900))).isoformat()
    if name == "moment":
        at = datetime.datetime(2013, 12, 30) + datetime.timedelta(minutes=15 * random.randrange(400))
        return at.isoformat() + "Z"
    return random.choice(["true", "false"])


def write(path, rows):
    """Writes a random CSV, and gives its values by column."""
    values = {name: [] for name in COLUMNS}
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for n in range(rows):
            row = [str(n) if name == "n" else value(name) for name in COLUMNS]
            for name, text in zip(COLUMNS, row):
                values[name].append(text)
            writer.writerow(row)
    return values


class Condition:
    """A condition on a column, or on an alias of a type."""

    def __init__(self, name, sql, kind, text):
        self.name, negated = name, random.random() < 0.25
        choices = ["null", "in"] + list(OPERATORS) * 2
        if kind == "VARCHAR":
            choices.append("like")
        operator = random.choice(choices)
        texts = [text() for _ in range(random.randrange(1, 4))]
        literals = [literal(one, kind) for one in texts]
        if operator == "null":
            self.written, self.quoted, condition = "is.null", "is.null", f"{sql} IS NULL"
        elif operator == "in":
            self.written = f"in.({','.join(quoted(one) for one in texts)})"
            self.quoted, condition = self.written, f"{sql} IN ({', '.join(literals)})"
        elif operator == "like":
            part = texts[0][: random.randrange(1, 4)]
            self.written = f"like.*{part}*"
            self.quoted, condition = f"like.{quoted(f'*{part}*')}", f"contains({sql}, {literal(part, kind)})"
        else:
            self.written = f"{operator}.{texts[0]}"
            self.quoted = f"{operator}.{quoted(texts[0])}"
            condition = f"{sql} {OPERATORS[operator]} {literals[0]}"
        if negated:
            self.written, self.quoted = f"not.{self.written}", f"not.{self.quoted}"
        self.sql = f"NOT ({condition})" if negated else f"({condition})"


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def literal(text, kind):
    text = text.replace("'", "''")
    return f"'{text}'" if kind == "VARCHAR" else f"CAST('{text}' AS {kind})"


def tree(condition, depth):
    """A group of conditions: as a parameter, and in SQL."""
    word = random.choice(["or", "and"])
    inside = []
    for _ in range(random.randrange(1, 4)):
        if depth and random.random() < 0.3:
            (name, text), sql = tree(condition, depth - 1)
            inside.append((name + text, sql))
        else:
            one = condition()
            inside.append((f"{quoted(one.name)}.{one.quoted}", one.sql))
    sql = f" {word.upper()} ".join(one for _, one in inside)
    text = f"({','.join(one for one, _ in inside)})"
    if random.random() < 0.3:
        return (f"not.{word}", text), f"NOT ({sql})"
    return (word, text), f"({sql})"


class Query:
    """A random query: its parameters, and the same in SQL."""

    def __init__(self, values):
        self.parameters = []
        where = self.conditions(lambda: self.of_row(values), "where")
        self.columns = []
        if random.random() < 0.3:
            self.plain()
            select, group, having = ", ".join(self.columns), "", ""
            ties = ["n"]
        else:
            select, group, ties = self.grouped()
            having = self.having(select, where, group)
        order = self.order(ties)
        self.sql = f"SELECT * FROM (SELECT {select} FROM t WHERE {where}{group}) WHERE {having or 'true'} ORDER BY {order}"
        self.limit = random.choice([1, 5, 50, 10000])
        self.sql += f" LIMIT {self.limit}"
        self.parameters.append(("limit", str(self.limit)))

    @staticmethod
    def of_row(values):
        name = random.choice(list(COLUMNS))
        texts = [text for text in values[name] if text != "NA"] or ["7"]
        return Condition(name, name, COLUMNS[name][1], lambda: random.choice(texts))

    def conditions(self, condition, _kind):
        parts = []
        for _ in range(random.choice([0, 0, 1, 1, 2])):
            one = condition()
            self.parameters.append((f"where.{one.name}", one.written))
            parts.append(one.sql)
        for _ in range(random.choice([0, 0, 1])):
            parameter, sql = tree(condition, 2)
            self.parameters.append(parameter)
            parts.append(sql)
        return " AND ".join(parts) or "true"

    def plain(self):
        names = random.sample(list(COLUMNS), random.randrange(1, 5))
        # The order of the file decides between equal rows, and DuckDB has to be told it.
        self.columns = list(dict.fromkeys(["n", *names]))
        self.parameters.append(("select", ",".join(self.columns)))

    def grouped(self):
        written, selected, keys, self.kinds = [], [], [], {}
        for number in range(random.randrange(1, 5)):
            alias = f"a{number}"
            choice = random.random()
            if choice < 0.2:
                expression, sql, kind = "count()", "count(*)", "BIGINT"
            elif choice < 0.4:
                name = random.choice(["dest", "delay", "late", "fare", "day"])
                expression, sql, kind = name, name, COLUMNS[name][1]
                keys.append(alias)
            elif choice < 0.55:
                name = random.choice(TIMES)
                period = random.choice(list(PERIODS)[: 4 if name == "day" else 5])
                expression, sql = f"{name}.{period}()", PERIODS[period](name)
                kind = {"year": "BIGINT", "day": "DATE", "hour": "TIMESTAMP"}.get(period, "VARCHAR")
                keys.append(alias)
            else:
                name = random.choice(list(COLUMNS))
                function = random.choice(list(FUNCTIONS)[: 7 if name in NUMBERS else 4])
                expression, sql = f"{name}.{function}()", FUNCTIONS[function](name)
                kind = COLUMNS[name][1] if function in ("min", "max") else "DOUBLE"
                kind = "BIGINT" if function in ("count", "distinct") else kind
                kind = "DECIMAL(38, 4)" if function == "sum" else kind
            self.kinds[alias] = kind
            written.append(f"{alias}:{expression}")
            selected.append(f"{sql} AS {alias}")
        if not any("()" in one for one in written):
            written.append("a9:count()")
            selected.append("count(*) AS a9")
            self.kinds["a9"] = "BIGINT"
        self.columns = list(self.kinds)
        self.parameters.append(("select", ",".join(written)))
        places = [str(self.columns.index(key) + 1) for key in keys]
        group = f" GROUP BY {', '.join(places)}" if places else ""
        return ", ".join(selected), group, keys

    def having(self, select, where, group):
        # Whether two floating-point numbers are equal depends on the order in which they were added up.
        kinds = {alias: kind for alias, kind in self.kinds.items() if kind in ("BIGINT", "VARCHAR", "DATE", "TIMESTAMP")}
        if not kinds or random.random() < 0.5:
            return ""
        found = connection.execute(f"SELECT {select} FROM t WHERE {where}{group}").fetchall()

        def condition():
            alias = random.choice(list(kinds))
            at = self.columns.index(alias)
            texts = [text_of(row[at]) for row in found if row[at] is not None] or ["2013-01-01"]
            if kinds[alias] == "BIGINT" and texts == ["2013-01-01"]:
                texts = ["7"]
            return Condition(alias, alias, kinds[alias], lambda: random.choice(texts))

        return self.conditions(condition, "having")

    def order(self, ties):
        names = [name for name in self.columns if not hasattr(self, "kinds") or self.kinds[name] != "DOUBLE"]
        names = random.sample(names, min(len(names), random.randrange(0, 3)))
        terms, sql = [], []
        for name in names:
            descending = random.random() < 0.5
            nulls = random.choice(["", "", ".nullsfirst", ".nullslast"])
            terms.append(name + (".desc" if descending else "") + nulls)
            first = nulls == ".nullsfirst" or nulls == "" and descending
            sql.append(f"{name} {'DESC' if descending else 'ASC'} NULLS {'FIRST' if first else 'LAST'}")
        if terms:
            self.parameters.append(("order", ",".join(terms)))
        sql += [f"{name} ASC NULLS LAST" for name in ties if name not in names]
        return ", ".join(sql) or "1"


def text_of(found):
    if isinstance(found, datetime.datetime):
        return found.isoformat() + "Z"
    return str(found)


def same(found, wanted):
    if wanted is None or found is None:
        return found is wanted
    if isinstance(wanted, bool) or isinstance(found, bool):
        return found is wanted
    if isinstance(wanted, float):
        return abs(float(found) - wanted) <= 1e-9 * max(1, abs(wanted))
    if isinstance(wanted, (int, Decimal)):
        return Decimal(found) == Decimal(wanted)
    if isinstance(wanted, datetime.datetime):
        return datetime.datetime.fromisoformat(found).replace(tzinfo=None) == wanted
    return found == str(wanted)


def ask(http_connection, name, parameters):
    query = urllib.parse.urlencode(parameters)
    path = f"/datasets/{name}/rows?version=v2"
    if random.random() < 0.3:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        http_connection.request("QUERY", path, query, headers)
    else:
        http_connection.request("GET", f"{path}&{query}")
    answer = http_connection.getresponse()
    body = answer.read()
    assert answer.status == 200, (answer.status, body)
    return json.loads(body, parse_float=Decimal)["data"]


address, folder = sys.argv[1:]
seed = int(os.environ.get("FLASH_DUCKDB_SEED") or random.randrange(2**32))
queries = int(os.environ.get("FLASH_DUCKDB_QUERIES") or 3000)
datasets = 6
host = urllib.parse.urlsplit(address).netloc
server = http.client.HTTPConnection(host)
connection = duckdb.connect()
for number in range(datasets):
    random.seed(seed + number)
    path, name = os.path.join(folder, f"t{number}.csv"), f"t{number}"
    values = write(path, random.choice([20, 300, 4000]))
    types = "&".join(f"type.{column}={kind}" for column, (kind, _) in COLUMNS.items())
    with open(path, "rb") as file:
        server.request("PUT", f"/datasets/{name}?version=v2&null=NA&{types}", file.read(), {"Content-Type": "text/csv"})
    answer = server.getresponse()
    assert answer.status == 201, answer.read()
    answer.read()
    stated = ", ".join(f"'{column}': 'VARCHAR'" for column in COLUMNS)
    cast = ", ".join(f"CAST({column} AS {kind}) AS {column}" for column, (_, kind) in COLUMNS.items())
    connection.execute(
        f"CREATE OR REPLACE TABLE t AS SELECT {cast} FROM read_csv('{path}', header = true, nullstr = 'NA', columns = {{{stated}}})"
    )
    for _ in range(queries // datasets):
        query = Query(values)
        wanted = connection.execute(query.sql).fetchall()
        found = ask(server, name, query.parameters)
        rows = [[row[column] for column in query.columns] for row in found]
        alike = len(rows) == len(wanted) and all(same(a, b) for one, other in zip(rows, wanted) for a, b in zip(one, other))
        if not alike:
            print(f"FLASH_DUCKDB_SEED={seed}", query.parameters, query.sql, sep="\n")
            for one, other in zip(rows, wanted):
                if not all(same(a, b) for a, b in zip(one, other)):
                    print("Flash:", one, "DuckDB:", list(other), sep="\n")
                    break
            sys.exit(f"Flash found {len(rows)} rows, and DuckDB {len(wanted)}")
print(f"{queries} queries gave what DuckDB gives: ok")
