"""Looking at a dataset and asking it questions."""

import csv
import io
import json
import re
import subprocess

import pytest

import tables
import views
from conftest import both, expect


@pytest.fixture
def people(flash):
    flash.store("people", tables.PEOPLE)
    return flash


@both
def test_datasets_are_searched(flash, page):
    for name in ("people", "prices", "orders"):
        flash.store(name, "id\n1\n")
    page.goto(flash.url)
    page.get_by_role("searchbox", name="Search datasets").fill("pe")
    page.get_by_role("searchbox", name="Search datasets").press("Enter")
    expect(page.get_by_role("table").get_by_role("link", name="people", exact=True)).to_be_visible()
    expect(page.get_by_role("table").get_by_role("link", name="orders", exact=True)).to_have_count(0)


@both
def test_a_header_sorts_up_then_down_then_not_at_all(people, page):
    page.goto(f"{people.url}/explore/people")
    click = lambda: views.dataset_table(page).get_by_role("link", name="name", exact=True).click()
    header = lambda: views.header(page, "name")
    click()
    expect(header()).to_have_attribute("aria-sort", "ascending")
    assert views.texts(page, "name") == sorted(tables.NAMES)
    click()
    expect(header()).to_have_attribute("aria-sort", "descending")
    assert views.texts(page, "name") == sorted(tables.NAMES, reverse=True)
    click()
    expect(header()).not_to_have_attribute("aria-sort", re.compile("ascending|descending"))
    assert "order=" not in page.url


@both
def test_equal_rows_are_sorted_by_a_second_column(people, page):
    page.goto(f"{people.url}/explore/people?order=city.desc")
    then = lambda word: page.locator(".charts td").nth(2).get_by_role("link", name=word, exact=True)
    then("then by this").click()
    expect(page).to_have_url(re.compile(r"order=city\.desc,name$"))
    assert views.texts(page, "name") == ["Blaise", "Ada", "Dorothy", "Fei", "Carl", "Edsger"]
    then("then up").click()
    expect(page).to_have_url(re.compile(r"order=city\.desc,name\.desc$"))
    assert views.texts(page, "name") == ["Blaise", "Fei", "Dorothy", "Ada", "Carl", "Edsger"]
    then("then down").click()
    expect(page).to_have_url(re.compile(r"order=city\.desc$"))


def test_a_name_with_shift_sorts_by_a_second_column(people, page):
    page.goto(f"{people.url}/explore/people?order=city")
    views.dataset_table(page).get_by_role("link", name="name", exact=True).click(modifiers=["Shift"])
    expect(page).to_have_url(re.compile(r"order=city,name$"))


@both
def test_three_filters_hold_together(people, page, picture):
    page.goto(f"{people.url}/explore/people")
    views.filter_by(page, "city", "eq", "London")
    views.filter_by(page, "balance", "gte", "10")
    views.filter_by(page, "joined", "lt", "2025-01-01")
    views.apply(page)
    expect(page).to_have_url(re.compile("city=eq.London"))
    assert views.texts(page, "name") == ["Ada"]
    # The state is in the link, and the fields still show it.
    expect(page.get_by_label("Value for city", exact=True)).to_have_value("London")
    picture(page, "filters")


@both
def test_operators_fit_the_type_of_their_column(people, page):
    page.goto(f"{people.url}/explore/people")
    operators = lambda name: page.get_by_label(f"Operator for {name}", exact=True).locator("option").all()
    values = lambda name: {option.get_attribute("value") for option in operators(name)}
    assert "contains" in values("name")
    assert "contains" not in values("balance")
    assert {"gt", "lte"} <= values("balance")


@both
def test_a_null_is_told_from_an_empty_text_and_found(people, page):
    page.goto(f"{people.url}/explore/people")
    views.filter_by(page, "balance", "is.null", "")
    views.apply(page)
    expect(page).to_have_url(re.compile("balance=is.null"))
    assert views.texts(page, "name") == ["Blaise"]
    assert views.texts(page, "balance") == ["null"]


@both
def test_columns_are_chosen(people, page):
    page.goto(f"{people.url}/explore/people")
    views.open_menu(page, "Columns")
    chooser = page.get_by_role("form", name="Columns")
    for name in ("city", "balance", "joined"):
        chooser.get_by_label(name, exact=True).uncheck()
    chooser.get_by_role("button").click()
    page.wait_for_url("**/*select=*")
    assert views.names(page) == ["id", "name"]


@both
def test_pages_follow_one_another(flash, page):
    flash.store("numbers", "n\n" + "".join(f"{n}\n" for n in range(250)))
    page.goto(f"{flash.url}/explore/numbers?limit=100")
    seen = views.texts(page, "n")
    for _ in range(2):
        page.get_by_role("link", name="Next page").first.click()
        page.wait_for_load_state()
        seen += views.texts(page, "n")
    assert seen == [str(n) for n in range(250)]
    expect(page.get_by_role("link", name="Next page")).to_have_count(0)
    page.get_by_role("link", name="First page").first.click()
    page.wait_for_load_state()
    assert views.texts(page, "n")[0] == "0"


@both
def test_the_back_button_goes_back_through_the_questions(people, page):
    page.goto(f"{people.url}/explore/people")
    views.dataset_table(page).get_by_role("link", name="name", exact=True).click()
    page.wait_for_url("**/*order=*")
    views.filter_by(page, "city", "eq", "London")
    views.apply(page)
    page.wait_for_url("**/*city=*")
    assert len(views.texts(page, "name")) == 3
    page.go_back()
    assert len(views.texts(page, "name")) == 6
    expect(page.get_by_label("Value for city", exact=True)).to_have_value("")
    page.go_back()
    assert views.texts(page, "name") == tables.NAMES


@both
def test_a_link_that_is_shared_shows_the_same_to_somebody_else(people, page, visit):
    page.goto(f"{people.url}/explore/people")
    views.filter_by(page, "city", "eq", "London")
    views.apply(page)
    page.wait_for_url("**/*city=*")
    views.dataset_table(page).get_by_role("link", name="balance", exact=True).click()
    page.wait_for_url("**/*order=*")
    other = visit(page.scripts)
    other.goto(page.url)
    assert views.rows(other) == views.rows(page)
    assert views.texts(other, "name") == ["Fei", "Ada", "Dorothy"]


@both
def test_a_row_is_read_as_a_record(people, page):
    page.goto(f"{people.url}/explore/people")
    page.get_by_role("link", name="Row 4", exact=True).click()
    main = page.get_by_role("main")
    for text in ("joined", "Dorothy", "2025-06-01"):
        expect(main).to_contain_text(text)
    expect(main).not_to_contain_text("Edsger")


@both
def test_a_frequent_value_is_a_link_that_filters(flash, page):
    flash.store("cities", "city\n" + "London\n" * 40 + "Paris\n" * 20 + "Berlin\n" * 5)
    page.goto(f"{flash.url}/explore/cities")
    header = views.dataset_table(page).locator("thead")
    header.get_by_role("link", name=re.compile("Paris")).first.click()
    expect(page).to_have_url(re.compile("city=eq.Paris"))
    assert set(views.texts(page, "city")) == {"Paris"}


@both
def test_a_bar_of_a_histogram_is_a_link_that_filters(flash, page):
    flash.store("numbers", "n\n" + "".join(f"{n * n}\n" for n in range(200)))
    page.goto(f"{flash.url}/explore/numbers")
    bar = views.dataset_table(page).locator("thead").get_by_role("link", name=re.compile(r"\d.*\d")).first
    bar.click(position={"x": 2, "y": 2})
    page.wait_for_url("**/*n=*")
    found = [int(text) for text in views.texts(page, "n")]
    assert found and max(found) < 199 * 199


@both
def test_this_view_is_downloaded_in_each_format(people, page):
    page.goto(f"{people.url}/explore/people?city=eq.London&select=name,balance")
    views.open_menu(page, "Download")
    for name in ("CSV", "JSON", "NDJSON"):
        address = page.get_by_role("link", name=name, exact=True).first.get_attribute("href")
        answer = page.context.request.get(people.url + address)
        assert answer.ok, answer.text()
        text = answer.text()
        assert "Dorothy" in text and "Carl" not in text and "joined" not in text
        if name == "CSV":
            assert [row["name"] for row in csv.DictReader(io.StringIO(text))] == ["Ada", "Dorothy", "Fei"]
        if name == "JSON":
            assert len(json.loads(text)["data"]) == 3
    # Parquet has all rows of the revision, with these columns.
    address = page.get_by_role("link", name="Parquet", exact=True).get_attribute("href")
    answer = page.context.request.get(people.url + address)
    assert answer.ok and answer.body()[:4] == b"PAR1" and b'{"name":"string","balance":"number"}' in answer.body()
    address = page.get_by_role("link", name="Source", exact=True).get_attribute("href")
    assert page.context.request.get(people.url + address).text() == tables.PEOPLE


@both
def test_the_curl_line_of_a_view_works_in_a_shell(people, page):
    page.goto(f"{people.url}/explore/people?city=eq.London&order=name.desc&select=name")
    line = page.locator("pre, code").filter(has_text=re.compile("^curl ")).first.text_content()
    output = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True).stdout
    assert [row["name"] for row in json.loads(output)["data"]] == ["Fei", "Dorothy", "Ada"]
    # The version is named in it, so that it means the same next year.
    assert "v2" in line


def test_a_snippet_is_copied(people, visit):
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    page.goto(f"{people.url}/explore/people?city=eq.London")
    for name, part in (("curl", "curl "), ("Python", "import"), ("JavaScript", "fetch("), ("R", "read"), ("Spreadsheet", "=")):
        button = page.get_by_role("button", name=f"Copy {name}", exact=True)
        if not button.is_visible():
            views.open_menu(page, f"{name}$")
        button.click()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert part in copied and "London" in copied, copied


@both
def test_a_view_that_is_wrong_is_explained(people, page):
    page.goto(f"{people.url}/explore/people?nothing=eq.1")
    expect(page.get_by_role("alert")).to_contain_text("nothing")
    page.goto(f"{people.url}/explore/nobody")
    expect(page.get_by_role("main")).to_contain_text("nobody")


@both
def test_long_texts_do_not_make_a_row_as_high_as_the_screen(flash, page):
    flash.store("long", tables.LONG)
    page.goto(f"{flash.url}/explore/long")
    height = views.dataset_table(page).locator("tbody tr").first.bounding_box()["height"]
    assert height < 400
    page.get_by_role("link", name="Row 1", exact=True).click()
    page.wait_for_load_state()
    assert page.get_by_role("main").inner_text().count("word") == 2000


@both
def test_five_hundred_columns_are_looked_at(flash, page):
    flash.store("wide", tables.WIDE)
    page.goto(f"{flash.url}/explore/wide")
    table = views.dataset_table(page)
    expect(table.locator("tbody tr").first).to_be_visible()
    # The page itself is as wide as the window: it is the table that scrolls.
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    # A column that is not shown at first can be chosen by its link.
    page.goto(f"{flash.url}/explore/wide?select=column0,column499")
    assert views.texts(page, "column499")[0] == "499"
