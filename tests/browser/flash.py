"""A server for one story: the program itself, with a database and ports of its own."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

PROGRAM = os.environ.get("FLASH_PROGRAM", "target/debug/flash")
DATA = Path(__file__).parent.parent / "data"
PATIENCE = 60


class Flash:
    """A running `flash serve`."""

    def __init__(self, *flags):
        self.folder = Path(tempfile.mkdtemp(prefix="flash-browser-"))
        self.flags = flags
        self.start()

    def start(self, listen="127.0.0.1:0"):
        self.process = subprocess.Popen(
            [PROGRAM, "serve", "--listen", listen, "--admin-listen", "127.0.0.1:0", *self.database, *self.flags],
            stderr=subprocess.PIPE,
            text=True,
            env={},
        )
        self.log = []
        self.news = threading.Condition()
        threading.Thread(target=self._read, args=(self.process.stderr,), daemon=True).start()
        self.url = self._line(r"the API is at (http://\S+)")
        self.admin = self._line(r"probes .* (http://\S+)")

    def _read(self, stream):
        for line in stream:
            with self.news:
                self.log.append(line)
                self.news.notify_all()

    def _line(self, pattern):
        """What the pattern finds in the log, once it is there."""
        end = time.monotonic() + PATIENCE
        with self.news:
            while True:
                found = re.search(pattern, "".join(self.log))
                if found:
                    return found[1]
                assert self.process.poll() is None and time.monotonic() < end, "".join(self.log)
                self.news.wait(0.1)

    @property
    def database(self):
        return ["--database", f"sqlite:{self.folder}/flash.db"]

    def run(self, *arguments):
        """What a command prints on the server's database."""
        done = subprocess.run(
            [PROGRAM, *arguments, *self.database], capture_output=True, text=True, env={}, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def register(self, name):
        """The key of a new client."""
        return self.run("clients", "add", name)

    def call(self, method, path, body=None, key=None, version="v2", **headers):
        """Sends a request to the API. Returns status, headers and body."""
        request = urllib.request.Request(self.url + path, data=body, method=method)
        request.add_header("Accept", f"application/vnd.flash.{version}+json")
        if body is not None:
            request.add_header("Content-Type", "text/csv")
        if key:
            request.add_header("Authorization", f"Bearer {key}")
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read()

    def store(self, name, csv, key=None):
        """Stores a text, or a file of tests/data."""
        body = csv.read_bytes() if isinstance(csv, Path) else csv.encode()
        status, _, answer = self.call("PUT", f"/datasets/{name}", body, key)
        assert status in (200, 201), answer

    def stop(self):
        """Kills the server, as a power loss would."""
        self.process.kill()
        self.process.wait()

    def end(self):
        """Ends the server as an operator does, so that what it counted is in the store."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(PATIENCE) == 0

    def again(self, *flags):
        """The same database behind a new server at the same address, perhaps with other flags."""
        address = self.url.removeprefix("http://")
        self.flags = flags or self.flags
        self.start(address)

    def close(self):
        if self.process.poll() is None:
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
