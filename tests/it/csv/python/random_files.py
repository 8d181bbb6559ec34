"""Writes random well-formed CSV files, each with the rows that Python's csv module reads in it, as a line of JSON each.

Usage: random_files.py COUNT SEED
"""

import csv
import io
import json
import random
import sys

PIECES = [
    "", "a", "b", "7", "-1.5", " ", "  ", "\t", ",", ";", "|", ":", '"', '""', "'", "\\", "!", "\n", "\r\n", "\r",
    "é", "駅", "🙂", "#", "NULL", "2026-01-01", "true", "x y", "=", "N", "/", "\u2028", "\x0b", "\x1c", "\x85",
]


def choose(chance):
    """How a file is written, as the parameters of an upload."""
    parameters = {"delimiter": chance.choice([",", ";", "\t", "|", ":", " ", "~", "\x01"])}
    # A space alone stands for any number of blanks.
    if parameters["delimiter"] == " ":
        parameters["delimiter"] = "^"
    quote = chance.choice(['"', '"', '"', "'", "none"])
    if quote != '"':
        parameters["quote"] = quote
    if chance.random() < 0.3:
        parameters["escape"] = chance.choice(["\\", "!"])
    return parameters


def written(text, parameters, quote, line_end, chance):
    """A field as it stands in a file; None if it can't be written so."""
    delimiter, escape = parameters["delimiter"], parameters.get("escape")
    special = [delimiter, "\n", "\r"]
    if quote and (chance.random() < 0.2 or text.startswith(quote) or any(s in text for s in special)):
        doubles = escape is None or chance.random() < 0.5
        if escape:
            text = text.replace(escape, escape + escape)
        return quote + text.replace(quote, (quote if doubles else escape) + quote) + quote
    if escape:
        text = text.replace(escape, escape + escape)
        for character in special:
            text = text.replace(character, escape + character)
    return None if not escape and any(s in text for s in special) else text


def file(chance):
    parameters = choose(chance)
    quote = {"none": None}.get(parameters.get("quote"), parameters.get("quote", '"'))
    line_end = chance.choice(["\n", "\n", "\r\n"])
    columns = chance.randint(1, 5)
    lines = []
    for _ in range(chance.randint(1, 6)):
        row = []
        while len(row) < columns:
            text = "".join(chance.choices(PIECES, k=chance.randint(0, 4)))
            field = written(text, parameters, quote, line_end, chance)
            if field is not None:
                row.append(field)
        line = parameters["delimiter"].join(row)
        # An empty line is no row for Python.
        lines.append(line or (quote * 2 if quote else "x"))
    text = line_end.join(lines) + chance.choice([line_end, ""])
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=parameters["delimiter"],
        quotechar=quote,
        escapechar=parameters.get("escape"),
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
    )
    return {"parameters": parameters, "file": text, "rows": list(reader)}


def main():
    count, seed = int(sys.argv[1]), int(sys.argv[2])
    for number in range(count):
        chance = random.Random(seed * 1_000_003 + number)
        print(json.dumps(file(chance)))


if __name__ == "__main__":
    main()
