"""Bringing a file: chosen or dropped, refused with the place of the mistake, replaced, and the server that goes away midway."""

import re

import tables
import views
from conftest import both, expect


def choose(page, name, text):
    upload = page.get_by_role("region", name="Upload a CSV")
    upload.get_by_label("CSV files").set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": text.encode()}
    )
    return upload


@both
def test_a_newcomer_uploads_a_file_and_sees_its_table(flash, page, picture):
    page.goto(flash.url)
    expect(page.get_by_role("heading", level=1, name="Flash")).to_be_visible()
    choose(page, "people.csv", tables.PEOPLE).get_by_role("button", name="Upload").click()
    expect(page.get_by_role("status").filter(has_text="people")).to_be_visible()
    page.get_by_role("link", name="people", exact=True).first.click()
    expect(page.get_by_role("heading", level=1, name="people")).to_be_visible()
    assert views.texts(page, "name") == tables.NAMES
    page.goto(flash.url)
    expect(page.get_by_role("table").get_by_role("link", name="people", exact=True)).to_be_visible()
    picture(page, "home")


def test_the_name_of_the_dataset_may_be_another_than_that_of_the_file(flash, page):
    page.goto(flash.url)
    upload = choose(page, "export-2026-final.csv", tables.PEOPLE)
    upload.get_by_label("Name of the dataset").fill("staff")
    upload.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("status").filter(has_text="staff")).to_be_visible()
    assert flash.call("GET", "/datasets/staff")[0] == 200


def slow(page, bytes_per_second):
    """Uploads are sent at this pace from now on; -1: as fast as it goes."""
    pace = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_per_second}
    if not hasattr(page, "network"):
        page.network = page.context.new_cdp_session(page)
    page.network.send("Network.emulateNetworkConditions", pace)


def drop(page, *files):
    """Drops files as a person does: the browser gets a DataTransfer."""
    transfer = page.evaluate_handle(
        """files => {
          const transfer = new DataTransfer();
          for (const [name, text] of files) transfer.items.add(new File([text], name, { type: "text/csv" }));
          return transfer;
        }""",
        [list(file) for file in files],
    )
    region = page.get_by_role("region", name="Upload a CSV")
    for event in ("dragenter", "dragover", "drop"):
        region.dispatch_event(event, {"dataTransfer": transfer})


def test_files_are_dropped_on_the_page_and_their_progress_is_shown(flash, page):
    page.goto(flash.url)
    # What the status says is gone quickly, so it is noted as it comes.
    page.evaluate(
        """() => {
          window.said = [];
          new MutationObserver(() => {
            for (const status of document.querySelectorAll("[role=status]")) window.said.push(status.textContent);
          }).observe(document.body, { subtree: true, childList: true, characterData: true });
        }"""
    )
    slow(page, 2 << 20)
    drop(page, ("people.csv", tables.PEOPLE), ("flights.csv", tables.flights(40_000)))
    expect(page.get_by_role("status").filter(has_text="flights").last).to_contain_text("40,000 rows")
    said = " ".join(page.evaluate("window.said"))
    assert re.search(r"Sending .*\d+ %", said), said[:2000]
    assert "Being kept …" in said
    assert flash.call("GET", "/datasets/people")[0] == 200


@both
def test_a_file_that_is_refused_tells_where_its_mistake_is(flash, page):
    page.goto(flash.url)
    choose(page, "people.csv", tables.BROKEN).get_by_role("button", name="Upload").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text(re.compile("line 4", re.I))
    if page.scripts:
        expect(alert).to_contain_text("3,Carl,Berlin,Prussia")
    assert flash.call("GET", "/datasets/people")[0] == 404


@both
def test_a_dataset_is_replaced_and_its_revisions_are_compared(flash, page):
    flash.store("people", tables.PEOPLE)
    page.goto(f"{flash.url}/explore/people")
    page.get_by_role("link", name="Replace this dataset").click()
    replace = page.get_by_role("region", name="Upload a CSV")
    file = {"name": "people.csv", "mimeType": "text/csv", "buffer": tables.PEOPLE_LATER.encode()}
    replace.get_by_label("CSV file").set_input_files(file)
    replace.get_by_role("button", name="Replace").click()
    expect(page.get_by_role("status").filter(has_text="people")).to_be_visible()
    page.goto(f"{flash.url}/explore/people")
    assert views.texts(page, "name")[-1] == "Grace"
    page.get_by_role("link", name="Revisions").click()
    page.get_by_role("button", name="What changed").click()
    main = page.get_by_role("main")
    expect(main).to_contain_text("Revision 1")
    expect(main).to_contain_text("Revision 2")
    expect(main).to_contain_text("2 rows removed")
    page.get_by_label("Key columns").fill("id")
    page.get_by_role("button", name="Compare rows").click()
    expect(main).to_contain_text("1 row removed")
    changed = page.get_by_role("region", name="Rows that changed")
    expect(changed.locator("mark")).to_have_text(["12.50", "13.50"])
    page.get_by_role("link", name="Revision 1").first.click()
    expect(page.get_by_role("heading", level=1, name="people")).to_be_visible()
    assert views.texts(page, "name") == tables.NAMES


def test_a_server_that_stops_midway_is_told_and_the_upload_works_once_it_is_back(flash, page):
    page.goto(flash.url)
    slow(page, 256 << 10)
    upload = choose(page, "flights.csv", tables.flights(40_000))
    upload.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("status").filter(has_text="Sending").first).to_be_visible()
    flash.stop()
    expect(page.get_by_role("alert")).to_be_visible()
    flash.again()
    slow(page, -1)
    upload.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("status").filter(has_text="40,000 rows")).to_be_visible()
