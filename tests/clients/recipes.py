"""Runs the code of docs/recipes.md against a server, and compares what it prints with what the page shows."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

page, address, folder = Path(sys.argv[1]).read_text(), sys.argv[2], Path(sys.argv[3])
# The languages that run, with the program of each. Others need a program that Linux or PyPI doesn't have.
PROGRAMS = {
    "sh": ["bash", "-euo", "pipefail", "-c"],
    "python": [sys.executable, "-c"],
    "js": ["node", "--input-type=module", "--eval"],
    "java": ["java"],
}
UNTRIED = {"r", "powerquery", "sql"}
BLOCK = re.compile(
    r"(?:<!-- before: (?P<before>.*) -->\n)?```(?P<language>\w+)\n(?P<code>.*?)```"
    r"(?:\n<!-- after: (?P<after>.*) -->)?(?:\n\n```text\n(?P<shown>.*?)```)?",
    re.DOTALL,
)


def run(command):
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    if done.returncode:
        sys.exit(f"{command[-1]}\n{done.stdout}{done.stderr}")
    return done.stdout


# curl and HTTPie fail if the status is an error, and HTTPie doesn't wait for a body.
(folder / ".curlrc").write_text("fail\nsilent\nshow-error\n")
(folder / "config.json").write_text('{"default_options": ["--ignore-stdin", "--check-status"]}')
os.environ |= {"HOME": str(folder), "CURL_HOME": str(folder), "HTTPIE_CONFIG_DIR": str(folder)}
os.environ["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"

ran = 0
for section in re.split(r"^## ", page, flags=re.MULTILINE):
    # The Python blocks of a section are one program.
    earlier = ""
    for block in BLOCK.finditer(section):
        language, code = block["language"], block["code"].replace("http://localhost:3000", address)
        if language == "text" or language in UNTRIED:
            continue
        program = PROGRAMS[language]
        if shutil.which(program[0]) is None:
            print(f"{section.splitlines()[0]}: not run, because there is no {program[0]}")
            continue
        if block["before"]:
            run([*PROGRAMS["sh"], block["before"]])
        if language == "java":
            (folder / "People.java").write_text(code)
            printed = run([*program, "People.java"])
        elif language == "python":
            marker = "=== from here on ===\n"
            printed = run([*program, f"{earlier}print({marker!r}, end='')\n{code}"]).split(marker)[1]
            earlier += code
        else:
            printed = run([*program, code])
        if block["after"]:
            run([*PROGRAMS["sh"], block["after"]])
        if block["shown"] is not None and printed != block["shown"]:
            sys.exit(f"{code}\nprinted\n{printed}instead of\n{block['shown']}")
        ran += 1
assert ran > 10, ran
print(f"recipes: {ran} ok")
