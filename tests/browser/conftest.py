"""What every story has: a server, a browser, and a page that is watched. After each story, whatever it was about: the browser has asked
no other host, no policy was violated, and no script has failed."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect, sync_playwright

from flash import Flash

CHROMIUM = os.environ.get("FLASH_CHROMIUM", "/usr/bin/chromium")
IMAGES = Path(__file__).parents[2] / "docs" / "images"
# What should come at once may take long on a machine that does much else.
PATIENCE = 30_000

expect.set_options(timeout=PATIENCE)

# A story that is told with and without JavaScript.
both = pytest.mark.parametrize("page", [True, False], indirect=True, ids=["with-js", "without-js"])


def pytest_addoption(parser):
    parser.addoption("--screenshots", action="store_true", help="renew the pictures in docs/images")


@pytest.fixture
def serve():
    """Starts servers with these flags."""
    running = []

    def start(*flags):
        running.append(Flash(*flags))
        return running[-1]

    yield start
    for server in running:
        server.close()


@pytest.fixture
def flash(serve):
    """A server with the default settings."""
    return serve()


@pytest.fixture(scope="session")
def browsers():
    """A browser that runs scripts, and one whose user has turned them off."""
    with sync_playwright() as playwright:

        def launch(*more):
            # Without the path, playwright looks for a build of its own. chromium has no sandbox for root.
            arguments = ["--no-sandbox", "--disable-dev-shm-usage", *more]
            return playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)

        # playwright's own switch comes too late for what is parsed at first, such as noscript.
        both = {True: launch(), False: launch("--blink-settings=scriptEnabled=false")}
        yield both
        for browser in both.values():
            browser.close()


@dataclass
class Watched:
    """What happened in a context that should not happen."""

    violations: list = field(default_factory=list)
    errors: list = field(default_factory=list)
    hosts: set = field(default_factory=set)
    requests: list = field(default_factory=list)
    # A pattern of the messages about a violation that the story itself provokes.
    provoked: str = ""

    def watch(self, context):
        context.on("request", self.requested)
        context.on("console", self.told)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        context.add_init_script(
            "addEventListener('securitypolicyviolation', event =>"
            " console.error(`Content Security Policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`))"
        )
        context.set_default_timeout(PATIENCE)

    def requested(self, request):
        self.requests.append(request)
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https"):
            self.hosts.add(parts.hostname)

    def told(self, message):
        if "Content Security Policy" in message.text or "Trusted" in message.text:
            self.violations.append(message.text)

    def check(self):
        assert [text for text in self.violations if not self.provoked or not re.search(self.provoked, text)] == []
        assert self.errors == []
        assert self.hosts <= {"127.0.0.1"}


@pytest.fixture
def visit(browsers):
    """Opens a page in a context of its own, with or without scripts, and with these settings of playwright."""
    contexts = []

    def opened(scripts=True, **settings):
        context = browsers[scripts].new_context(**settings)
        watched = Watched()
        watched.watch(context)
        contexts.append((context, watched))
        page = context.new_page()
        page.watched = watched
        page.scripts = scripts
        return page

    yield opened
    for context, watched in contexts:
        context.close()
        watched.check()


@pytest.fixture
def page(visit, request):
    """A page, with JavaScript unless the story says otherwise."""
    return visit(getattr(request, "param", True))


@pytest.fixture
def picture(request):
    """Takes a picture for the documentation, if pictures are asked for."""

    def take(page, name):
        if request.config.getoption("--screenshots"):
            IMAGES.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=IMAGES / f"explore-{name}.png")

    return take
