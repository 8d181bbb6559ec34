"""Small, quiet and quick. A busy machine makes a page slow, but never quick: so a time is the best of several loads."""

from urllib.parse import urlsplit

import pytest

import tables
from flash import PROGRAM, Flash
from conftest import expect

PAGE = 14 * 1000
EVERYTHING = 60 * 1000
REQUESTS = 10
TASK = 50
# Of a build without optimisations, the server alone takes longer.
PAINT = 900 if "debug" in PROGRAM else 300
LOADS = 12

WATCH = """
  window.told = { shift: 0, shifted: [], tasks: [] };
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) {
      window.told.shift += entry.value;
      for (const source of entry.sources) window.told.shifted.push(source.node?.outerHTML?.slice(0, 120) ?? "?");
    }
  }).observe({ type: "layout-shift", buffered: true });
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) window.told.tasks.push(entry.duration);
  }).observe({ type: "longtask", buffered: true });
"""
PAINTED = "performance.getEntriesByName('first-contentful-paint').map(entry => entry.startTime)[0]"


def settled(page):
    """Waits until the page has loaded and nothing was left to do twice in a row."""
    page.wait_for_load_state("networkidle")
    page.evaluate("() => new Promise(done => requestIdleCallback(() => requestIdleCallback(done)))")


@pytest.fixture(scope="module")
def big(request):
    server = Flash()
    request.addfinalizer(server.close)
    server.store("flights", tables.flights())
    server.store("small", tables.flights(5000))
    server.store("people", tables.PEOPLE)
    server.store("wide", tables.WIDE)
    return server


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/explore/flights",
        "/explore/flights?dest=eq.LAX&order=dep_delay.desc",
        "/explore/flights/groups?select=dest,n:count(),late:dep_delay.avg()&order=n.desc",
        "/explore/flights/groups?select=on:time_hour.day(),n:count()",
        "/explore/people/versions",
        "/explore/flights/versions",
        "/explore/-/versions",
        "/explore/-/reference/v2",
        "/explore/-/reference/v2/list_rows",
        "/explore/-/reference/v2/create_datasets",
        "/explore/-/client",
        "/explore/wide",
        "/explore/wide/groups",
    ],
)
def test_a_page_is_small_and_asks_nobody_else(big, visit, path):
    page = visit()
    page.add_init_script(WATCH)
    answer = page.goto(big.url + path)
    settled(page)
    assert answer.headers.get("content-encoding") in ("br", "zstd", "gzip")
    sizes = {request.url: request.sizes()["responseBodySize"] for request in page.watched.requests}
    print(path, sizes)
    assert sizes[page.url] <= PAGE
    assert sum(sizes.values()) <= EVERYTHING
    assert len(sizes) <= REQUESTS
    assert {urlsplit(url).netloc for url in sizes} == {urlsplit(big.url).netloc}
    # A browser that is short of time paints a table before it has all rows, and columns may become wider then.
    told = page.evaluate("window.told")
    for _ in range(LOADS):
        if told["shift"] == 0:
            break
        page.goto(big.url + path)
        settled(page)
        told = page.evaluate("window.told")
    assert told | {"tasks": []} == {"shift": 0, "shifted": [], "tasks": []}


def test_assets_are_loaded_once(big, visit):
    page = visit()
    page.goto(f"{big.url}/explore/people")
    page.wait_for_load_state("networkidle")
    page.goto(f"{big.url}/explore/small")
    page.wait_for_load_state("networkidle")
    sizes = page.evaluate("performance.getEntriesByType('resource').map(entry => [entry.name, entry.transferSize])")
    assert len(sizes) > 3
    assert [size for size in sizes if "/-/assets/" in size[0] and size[1] > 0] == []


def best(loads, within):
    """The least of several measurements. It stops at the first that is within the budget."""
    found = []
    for _ in range(loads):
        found.append(within[0]())
        if found[-1] <= within[1]:
            break
    return min(found)


def test_no_task_is_long_while_a_hundred_rows_of_nineteen_columns_are_shown(big, visit):
    def longest():
        page = visit()
        page.add_init_script(WATCH)
        page.goto(f"{big.url}/explore/small?limit=100")
        settled(page)
        assert page.locator("tbody tr").count() >= 100
        return max(page.evaluate("window.told.tasks"), default=0)

    assert best(LOADS, (longest, TASK)) <= TASK


def test_the_first_paint_of_a_large_dataset_is_soon(big, visit):
    def painted():
        page = visit()
        page.goto(f"{big.url}/explore/flights")
        expect(page.get_by_role("heading", level=1, name="flights")).to_be_visible()
        page.wait_for_function(f"{PAINTED} !== undefined")
        return page.evaluate(PAINTED)

    assert best(LOADS, (painted, PAINT)) <= PAINT
