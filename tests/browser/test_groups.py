"""Groups of rows, with functions, as a table and a chart."""

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


def choose(page, keys, functions):
    """Fills in the form of groups: columns, and pairs of a function and its column."""
    form = page.get_by_role("form", name="Groups")
    for at, key in enumerate(keys):
        form.locator("select[name=g]").nth(at).select_option(key)
    for at, (function, column) in enumerate(functions):
        form.locator("select[name=f]").nth(at).select_option(function)
        form.locator("select[name=a]").nth(at).select_option(column)
    form.get_by_role("button", name="Show groups").click()


@both
def test_a_table_is_grouped_from_its_page(people, page, picture):
    page.goto(f"{people.url}/explore/people?balance=gt.0")
    views.open_menu(page, "Group")
    choose(page, ["city"], [("count", "")])
    expect(page.get_by_role("heading", level=1)).to_contain_text("Groups of people")
    assert "balance=gt.0" in page.url
    assert views.names(page) == ["city", "n"]
    assert views.rows(page) == [["London", "3"], ["Austin", "1"]]
    # More of it on the page of groups.
    choose(page, ["city"], [("count", ""), ("avg", "balance"), ("max", "joined")])
    expect(page).to_have_url(re.compile("balance_avg"))
    assert views.names(page) == ["city", "n", "balance_avg", "joined_max"]
    assert views.rows(page)[1] == ["Austin", "1", "42", "2022-08-19"] or views.rows(page)[1][:2] == ["Austin", "1"]
    # The form says what is shown.
    expect(page.get_by_role("form", name="Groups").locator("select[name=f]").nth(1)).to_have_value("avg")
    picture(page, "groups")
    # And back to the rows.
    page.get_by_role("navigation", name="This dataset").get_by_role("link", name="Rows").click()
    expect(page).to_have_url(re.compile(r"/explore/people\?balance=gt\.0$"))


@both
def test_bars_are_drawn_for_groups_and_a_line_for_times(people, page):
    page.goto(f"{people.url}/explore/people/groups?select=city,n:count()&order=n.desc")
    chart = page.get_by_role("img", name="Bar chart: n by city")
    expect(chart).to_be_visible()
    assert chart.locator("rect").count() == 4
    widths = [float(bar.get_attribute("width")) for bar in chart.locator("rect").all()]
    assert widths[0] == max(widths) and widths[1] == pytest.approx(widths[0] / 3, abs=0.2)
    page.goto(f"{people.url}/explore/people/groups")
    choose(page, ["joined.year()"], [("count", "")])
    expect(page.get_by_role("img", name="Line chart: n by joined_year")).to_be_visible()
    assert [row[0] for row in views.rows(page)] == ["2022", "2023", "2024", "2025", "2026"]


@both
def test_groups_are_sorted_and_filtered_by_what_was_computed(people, page):
    page.goto(f"{people.url}/explore/people/groups?select=city,n:count()&order=n.desc")
    views.dataset_table(page).get_by_role("link", name="city", exact=True).click()
    expect(views.header(page, "city")).to_have_attribute("aria-sort", "ascending")
    assert [row[0] for row in views.rows(page)] == ["Austin", "Berlin", "London", "Paris"]
    views.filter_by(page, "n", "gt", "1")
    views.apply(page)
    expect(page).to_have_url(re.compile("n=gt.1"))
    assert views.rows(page) == [["London", "3"]]
    page.get_by_role("link", name="Remove the filter n > 1").click()
    expect(page).not_to_have_url(re.compile("n=gt.1"))
    assert len(views.rows(page)) == 4


@both
def test_groups_are_taken_along(people, page):
    page.goto(f"{people.url}/explore/people/groups?select=city,n:count()&order=n.desc,city&n=gt.1")
    views.open_menu(page, "Download")
    address = page.get_by_role("link", name="CSV", exact=True).get_attribute("href")
    answer = page.context.request.get(people.url + address)
    assert answer.ok and answer.text() == "city,n\nLondon,3\n", answer.text()
    line = page.locator("pre").filter(has_text=re.compile("^curl ")).first.text_content()
    output = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True).stdout
    assert json.loads(output)["data"] == [{"city": "London", "n": 3}]
    # A file with groups is no revision.
    assert page.locator("summary", has_text="Parquet").count() == 0


@both
def test_the_page_of_a_table_leads_to_groups_that_its_address_has(people, page):
    page.goto(f"{people.url}/explore/people?select=city,n:count()")
    expect(page).to_have_url(re.compile("/explore/people/groups"))
    assert len(views.rows(page)) == 4


@both
def test_groups_that_are_wrong_are_explained(people, page):
    page.goto(f"{people.url}/explore/people/groups?select=city,n:nonsense()")
    expect(page.get_by_role("alert")).to_contain_text("nonsense")


@both
def test_conditions_in_parentheses_are_shown_and_removed(people, page):
    page.goto(f"{people.url}/explore/people?or=(city.eq.Paris,and(city.eq.London,balance.gt.50))&name=neq.Ada")
    assert views.texts(page, "name") == ["Blaise", "Dorothy"]
    chips = page.get_by_role("list", name="Filters")
    expect(chips).to_contain_text("city = Paris or (city = London and balance > 50)")
    page.get_by_role("link", name=re.compile("Remove the filter city = Paris or")).click()
    expect(page).not_to_have_url(re.compile(r"or="))
    assert "name=neq.Ada" in page.url
    assert len(views.rows(page)) == 5
    page.goto(f"{people.url}/explore/people?not.or=(city.eq.London,city.eq.Paris)")
    expect(page.get_by_role("list", name="Filters")).to_contain_text("not (city = London or city = Paris)")


@both
def test_names_of_columns_that_are_no_words_are_grouped(flash, page):
    flash.store("odd", '"a,b","n","x ""y"""\n1,2,3\n1,5,4\n2,7,5\n')
    page.goto(f"{flash.url}/explore/odd/groups")
    choose(page, ['"a,b"'], [("sum", 'x "y"'), ("count", "")])
    assert views.rows(page) == [["1", "7", "2"], ["2", "5", "1"]]
