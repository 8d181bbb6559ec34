"""What a version would change, and which one is about to go."""

import json
import re
import subprocess

import tables
import views
from conftest import both, expect

ENDING = ("--deprecate", "v1=2026-01-01", "--retire", "v1=2099-07-01", "--brownout", "v1=2099-05-01T09:00Z/15m")


@both
def test_the_same_view_is_read_in_both_versions_with_what_the_changelog_says(flash, page, picture):
    flash.store("people", tables.PEOPLE)
    page.goto(f"{flash.url}/explore/people?limit=2")
    page.get_by_role("link", name="Compare versions").click()
    table = page.get_by_role("table", name=re.compile("v1 and v2"))
    expect(table).to_be_visible()
    expect(table).to_contain_text('"12.50"')
    expect(table).to_contain_text('"balance": 12.50')
    # What differs is marked in words, and the changelog's own sentence stands beside it.
    expect(table.get_by_text("differs").first).to_be_visible()
    sentence = "GET /datasets/{name} describes a dataset, without its rows"
    expect(page.get_by_role("main")).to_contain_text(sentence)
    picture(page, "versions")


@both
def test_a_question_that_only_one_version_can_answer_is_told(flash, page):
    flash.store("people", tables.PEOPLE)
    page.goto(f"{flash.url}/explore/people/versions?city=eq.London")
    main = page.get_by_role("main")
    expect(main).to_contain_text("filters, orders and projects rows")
    expect(main).to_contain_text("city")


@both
def test_the_band_tells_that_the_version_shown_is_about_to_go(serve, page, picture):
    flash = serve(*ENDING)
    flash.store("people", tables.PEOPLE)
    band = page.get_by_role("region", name="About this version")
    for path in ("/explore/people/versions", "/explore/-/reference/v1"):
        page.goto(flash.url + path)
        expect(band).to_contain_text("v1 is deprecated")
        expect(band).to_contain_text("2099-07-01")
    picture(page, "band")
    band.get_by_role("link", name="What changes with v2").click()
    expect(page.get_by_role("heading", name="What changed from v1 to v2")).to_be_visible()
    # The table is in v2, which stays.
    page.goto(f"{flash.url}/explore/people")
    expect(band).to_have_count(0)


@both
def test_the_table_has_a_band_too_once_its_own_version_is_to_go(serve, page):
    flash = serve("--retire", "v2=2099-07-01")
    flash.store("people", tables.PEOPLE)
    page.goto(f"{flash.url}/explore/people")
    expect(page.get_by_role("region", name="About this version")).to_contain_text("2099-07-01")


@both
def test_a_retired_version_says_what_to_use_instead(serve, page):
    flash = serve("--retire", "v1=2026-01-01")
    flash.store("people", tables.PEOPLE)
    page.goto(f"{flash.url}/explore/people/versions")
    expect(page.get_by_role("region", name="About this version")).to_contain_text("v1 is retired")
    expect(page.get_by_role("table", name=re.compile("v1 and v2"))).to_contain_text("410")


@both
def test_the_time_line_has_what_is_announced_in_order(serve, page, picture):
    flash = serve(*ENDING)
    page.goto(f"{flash.url}/explore/-/versions")
    events = page.get_by_role("list", name="Time line").get_by_role("listitem").all_inner_texts()
    told = [text for text in events if re.search("v1|today", text, re.I)]
    expected = ["deprecated", "today", "brownout", "retired"]
    assert [next(word for word in expected if re.search(word, text, re.I)) for text in told] == expected
    expect(page.get_by_role("main")).to_contain_text("errors are problem details (RFC 9457)")
    picture(page, "time-line")


@both
def test_a_request_is_tried_from_the_reference(flash, page):
    flash.store("people", tables.PEOPLE)
    page.goto(f"{flash.url}/explore/-/reference/v2")
    page.get_by_role("link", name="GET /datasets/{name}/rows", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("/datasets/{name}/rows")
    page.get_by_label("name", exact=True).fill("people")
    page.get_by_label("limit", exact=True).fill("1")
    page.get_by_label("Other parameters", exact=True).fill("city=eq.London&order=name.desc")
    page.get_by_role("button", name="Try it").click()
    answer = page.get_by_role("region", name="What came back")
    expect(answer).to_contain_text("200")
    expect(answer).to_contain_text("Fei")
    expect(answer).to_contain_text("application/vnd.flash.v2+json")
    line = page.locator("pre, code").filter(has_text=re.compile("^curl ")).first.text_content()
    output = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True).stdout
    assert [row["name"] for row in json.loads(output)["data"]] == ["Fei"]


@both
def test_a_request_that_is_tried_may_fail_and_says_so(flash, page):
    page.goto(f"{flash.url}/explore/-/reference/v1")
    page.get_by_role("link", name="GET /datasets/{name}", exact=True).click()
    page.get_by_label("name", exact=True).fill("nobody")
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_role("region", name="What came back")).to_contain_text("404")
