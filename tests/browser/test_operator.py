"""What the operator looks at before a version is retired."""

import re
import urllib.request

import tables
from conftest import both, expect

ENDING = ("--deprecate", "v1=2026-01-01", "--retire", "v1=2099-07-01")


def used(serve):
    """A store that a client and somebody without a key have used, and where both were refused."""
    flash = serve()
    flash.store("people", tables.PEOPLE)
    key = flash.register("shop")
    for version in ("v1", "v2"):
        flash.call("GET", "/datasets/people", key=key, version=version)
    flash.call("GET", "/datasets/people", version="v1", User_Agent="curl/8.5.0")
    flash.end()
    flash.again("--retire", "v1=2026-01-01", "--sooner")
    flash.call("GET", "/datasets/people", key=key, version="v1")
    flash.end()
    flash.again(*ENDING)
    return flash


@both
def test_the_operator_sees_who_uses_what_and_who_would_be_left_behind(serve, page, picture):
    flash = used(serve)
    page.goto(flash.admin)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    users = page.get_by_role("table", name="Who uses which version and operation")
    expect(users).to_contain_text("shop")
    expect(users).to_contain_text("anonymous (curl)")
    expect(users).to_contain_text("get_dataset")
    refused = page.get_by_role("table", name=re.compile("refused"))
    expect(refused).to_contain_text("shop")
    expect(refused).to_contain_text("retired")
    picture(page, "operator")
    page.get_by_role("link", name="Before v1 is retired").click()
    main = page.get_by_role("main")
    expect(main).to_contain_text("2099-07-01")
    expect(main).to_contain_text("shop")
    expect(main).to_contain_text("flash clients extend shop v1=")
    flash.run("clients", "extend", "shop", "v1=2100-01-01")
    page.reload()
    left = page.get_by_role("table", name=re.compile("left behind"))
    expect(left).not_to_contain_text("shop")
    expect(left).to_contain_text("anonymous (curl)")


@both
def test_the_operator_sees_the_health_of_the_server(flash, page):
    page.goto(flash.admin)
    health = page.get_by_role("region", name="Health")
    expect(health).to_contain_text("ready")


def test_the_pages_for_the_operator_are_on_the_admin_address_only(flash, page):
    answer = page.goto(f"{flash.url}/retire/v1")
    assert answer.status == 404
    # Probes and scrapers get what they got.
    with urllib.request.urlopen(f"{flash.admin}/readyz") as ready:
        assert ready.headers["Content-Type"] == "application/json"
