"""People who use a phone, the dark, or no mouse, and those who read with a screen reader."""

import json
import re

import pytest
from axe_playwright_python.sync_playwright import Axe

import tables
import views
from conftest import both, expect


@pytest.fixture
def served(serve):
    """A server with everything that pages can show: a dataset with a description and a past, dates, and a client."""
    flash = serve("--deprecate", "v1=2026-01-01", "--retire", "v1=2099-01-01", "--brownout", "v1=2098-12-01T09:00Z/15m")
    flash.store("people", tables.PEOPLE)
    flash.store("people", tables.PEOPLE_LATER)
    said = {
        "title": "People of the club",
        "description": "Everybody who has paid.",
        "licence": "https://creativecommons.org/licenses/by/4.0/",
        "columns": {"balance": {"description": "On the first day of the year. " * 5, "unit": "EUR"}},
    }
    flash.call("PUT", "/datasets/people/description", json.dumps(said).encode(), **{"Content-Type": "application/json"})
    flash.store("flights", tables.flights(500))
    return flash


PAGES = [
    "/",
    "/?q=pe",
    "/explore/people",
    "/explore/people?city=eq.London&order=name",
    "/explore/people?schema=1",
    "/explore/people?or=(city.eq.London,city.eq.Paris)",
    "/explore/people/groups",
    "/explore/people/groups?select=city,n:count(),least:balance.min()&order=n.desc",
    "/explore/people/groups?select=on:joined.month(),n:count()",
    "/explore/people/revisions",
    "/explore/people/readers",
    "/explore/people/changes?from=1&to=2&key=id",
    "/explore/people/changes?from=1&to=2&key=city",
    "/explore/people?nothing=eq.1",
    "/explore/flights",
    "/explore/nobody",
    "/explore/people/versions?limit=3",
    "/explore/-/versions",
    "/explore/-/reference/v2",
    "/explore/-/reference/v2/list_rows",
    "/explore/-/reference/v1",
    "/explore/-/client",
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_a_checker_of_accessibility_finds_nothing(served, visit, path, scheme):
    page = visit(color_scheme=scheme)
    page.goto(served.url + path)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_checker_finds_nothing_on_the_pages_for_the_operator(served, visit, scheme):
    page = visit(color_scheme=scheme)
    for path in ("/", "/retire/v1"):
        page.goto(served.admin + path)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_well_formed_and_no_name_is_given_twice(served, page, path):
    import html5lib

    text = page.context.request.get(served.url + path, headers={"Accept": "text/html"}).text()
    document = html5lib.HTMLParser(strict=True).parse(text)
    ids = [element.get("id") for element in document.iter() if element.get("id")]
    assert len(ids) == len(set(ids))


@both
def test_on_a_phone_nothing_is_wider_than_the_screen(served, visit, page, picture):
    phone = visit(page.scripts, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    for path in PAGES:
        phone.goto(served.url + path)
        assert phone.evaluate("document.documentElement.scrollWidth") <= 360, path
    phone.goto(f"{served.url}/explore/people")
    views.filter_by(phone, "city", "eq", "London")
    views.apply(phone)
    phone.wait_for_url("**/*city=*")
    assert views.texts(phone, "name") == ["Ada", "Dorothy", "Fei"]
    picture(phone, "phone")


def test_in_the_dark_the_page_is_dark(served, visit, picture):
    page = visit(color_scheme="dark")
    page.goto(f"{served.url}/explore/flights")
    brightness = """() => {
      const canvas = document.createElement("canvas").getContext("2d");
      canvas.fillStyle = getComputedStyle(document.body).backgroundColor;
      canvas.fillRect(0, 0, 1, 1);
      return Math.max(...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3));
    }"""
    assert page.evaluate(brightness) < 64
    picture(page, "dark")
    light = visit(color_scheme="light")
    light.goto(f"{served.url}/explore/flights")
    assert light.evaluate(brightness) > 192
    picture(light, "table")


def focused(page):
    return page.evaluate("document.activeElement.textContent.trim() || document.activeElement.getAttribute('aria-label') || document.activeElement.name || ''")


def test_everything_is_reached_by_keyboard(served, page):
    page.goto(served.url)
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Search datasets")).to_be_focused()
    page.keyboard.type("peo")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=peo*")
    page.get_by_role("table").get_by_role("link", name="people", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="people")).to_be_visible()
    # The first stop leads past the header.
    page.keyboard.press("Tab")
    assert re.search("skip|content", focused(page), re.I), focused(page)
    # The header of a column is reached by Tab alone, and sorts.
    for _ in range(200):
        page.keyboard.press("Tab")
        if focused(page) == "name" and page.evaluate("document.activeElement.tagName") == "A":
            break
    else:
        raise AssertionError("Tab never reached the header")
    page.keyboard.press("Enter")
    page.wait_for_url("**/*order=name*")
    page.keyboard.press("/")
    page.keyboard.type("Lon")
    assert page.evaluate("document.activeElement.matches('input, select')")


def test_a_question_mark_lists_the_keys(served, page):
    page.goto(f"{served.url}/explore/people")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("/")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_what_has_the_focus_can_be_seen(served, page):
    page.goto(f"{served.url}/explore/people")
    for _ in range(6):
        page.keyboard.press("Tab")
        outline = page.evaluate(
            "() => { const s = getComputedStyle(document.activeElement); return s.outlineStyle !== 'none' || s.boxShadow !== 'none' }"
        )
        assert outline, focused(page)
