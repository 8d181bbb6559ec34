"""Callers with a key: it is typed in, kept in memory, and opens what anonymous callers may not read."""

import re

import pytest

import tables
import views
from conftest import expect


@pytest.fixture
def closed(serve):
    flash = serve("--anonymous", "none")
    flash.key = flash.register("shop")
    flash.store("people", tables.PEOPLE, key=flash.key)
    return flash


def nowhere_stored(page, key):
    """The key is in no place that outlives the page, and in no address."""
    stored = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, history.state])")
    assert key not in stored
    assert page.context.cookies() == []
    assert not any(key in request.url for request in page.watched.requests)


def test_a_server_for_clients_only_asks_for_a_key_and_shows_its_datasets_with_it(closed, page, picture):
    answer = page.goto(f"{closed.url}/explore/people")
    assert answer.status == 401
    expect(page.get_by_role("main")).not_to_contain_text("Ada")
    picture(page, "key")
    views.give_key(page, closed.key)
    expect(page.get_by_role("heading", level=1, name="people")).to_be_visible()
    assert views.texts(page, "name") == tables.NAMES
    # All links and forms work with it from now on.
    views.dataset_table(page).get_by_role("link", name="name", exact=True).click()
    page.wait_for_url("**/*order=name*")
    views.filter_by(page, "city", "eq", "London")
    views.apply(page)
    page.wait_for_url("**/*city=*")
    expect(views.dataset_table(page).locator("tbody tr")).to_have_count(3)
    page.go_back()
    expect(views.dataset_table(page).locator("tbody tr")).to_have_count(6)
    nowhere_stored(page, closed.key)
    # It is gone with the page.
    page.reload()
    expect(page.get_by_label("Key", exact=True)).to_be_visible()


def test_a_wrong_key_is_told_and_another_may_be_tried(closed, page):
    page.goto(closed.url)
    views.give_key(page, "flash_wrong")
    expect(page.get_by_role("alert")).to_contain_text("key")
    views.give_key(page, closed.key)
    expect(page.get_by_role("link", name="people", exact=True)).to_be_visible()


def test_without_javascript_a_server_for_clients_only_says_that_it_needs_it(closed, visit):
    page = visit(False)
    answer = page.goto(closed.url)
    assert answer.status == 401
    expect(page.locator("main noscript p")).to_be_visible()
    assert "JavaScript" in page.locator("main noscript p").inner_text()
    expect(page.get_by_label("Key", exact=True)).to_be_hidden()


def test_a_client_uploads_with_its_key(serve, page):
    flash = serve("--anonymous", "read")
    key = flash.register("shop")
    page.goto(flash.url)
    upload = page.get_by_role("region", name="Upload a CSV")
    file = {"name": "people.csv", "mimeType": "text/csv", "buffer": tables.PEOPLE.encode()}
    upload.get_by_label("CSV files").set_input_files(file)
    upload.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("alert").first).to_contain_text("key")
    page.get_by_role("link", name="Your client").first.click()
    views.give_key(page, key)
    expect(page.get_by_role("main")).to_contain_text("shop")
    page.get_by_role("link", name="Datasets", exact=True).click()
    upload.get_by_label("CSV files").set_input_files(file)
    upload.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("status").filter(has_text="people")).to_be_visible()
    nowhere_stored(page, key)


def test_a_client_sees_its_pin_and_moves_it_and_undoes_the_move(flash, page, picture):
    flash.store("people", tables.PEOPLE)
    key = flash.register("shop")
    flash.call("GET", "/datasets/people", key=key, version="v1")
    flash.run("clients", "pin", "shop", "v1")
    page.goto(f"{flash.url}/explore/-/client")
    views.give_key(page, key)
    expect(page.get_by_role("heading", name="Your client")).to_be_visible()
    main = page.get_by_role("main")
    expect(main).to_contain_text("shop")
    pin = page.get_by_role("definition").filter(has_text=re.compile("^v[0-9]")).first
    expect(pin).to_have_text("v1")
    # What the move would change for what this client does. It is counted within seconds.
    for _ in range(30):
        page.get_by_role("link", name="What changes with v2").click()
        if "get_dataset" in main.inner_text():
            break
        page.wait_for_timeout(1000)
    expect(main).to_contain_text("GET /datasets/{name} describes a dataset, without its rows")
    picture(page, "client")
    page.get_by_role("button", name="Move to v2").click()
    expect(pin).to_have_text("v2")
    expect(page.get_by_role("status").last).to_contain_text("v2")
    assert "v2" in flash.run("clients", "show", "shop")
    page.get_by_role("button", name="Undo").click()
    expect(pin).to_have_text("v1")
    assert "v2 -> v1 by client" in flash.run("clients", "show", "shop")
    nowhere_stored(page, key)


def test_looking_at_pages_is_no_use_of_a_version_and_pins_nobody(flash, page):
    flash.store("people", tables.PEOPLE)
    key = flash.register("shop")
    page.goto(f"{flash.url}/explore/-/client")
    views.give_key(page, key)
    expect(page.get_by_role("heading", name="Your client")).to_be_visible()
    flash.end()
    assert "not pinned yet" in flash.run("clients", "show", "shop")
    assert "used" not in flash.run("clients", "show", "shop")
