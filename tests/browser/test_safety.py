"""Names and cells are an attacker's text."""

import tables
import views
from conftest import both, expect


@both
def test_a_file_whose_names_and_cells_are_html_is_shown_as_text(flash, page):
    flash.store("hostile", tables.HOSTILE)
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    paths = [
        "/explore/hostile",
        "/explore/hostile/versions",
        "/explore/hostile?%3Cimg%20src%3Dx%20onerror%3D%22parent.attacked%3D1%22%3E=like.%2A",
        "/explore/%3Cscript%3Eparent.attacked%3D1%3C%2Fscript%3E",
        "/?q=%22%3E%3Cscript%3Eparent.attacked%3D1%3C%2Fscript%3E",
        "/explore/-/reference/v2/list_rows?path.name=%22%3E%3Cscript%3Eparent.attacked%3D1%3C%2Fscript%3E&try=1",
    ]
    for path in paths:
        page.goto(flash.url + path)
        assert page.evaluate("window.attacked") is None, path
        assert page.locator("main img, main svg[onload], main script:not([src])").count() == 0, path
    page.goto(f"{flash.url}/explore/hostile")
    assert tables.ATTACK in " ".join(" ".join(row) for row in views.rows(page))
    # Only https: is a link, and it tells the other side nothing.
    for link in page.locator('main a[href^="http"]').all():
        assert not link.get_attribute("href").startswith("javascript:")
        assert "noopener" in (link.get_attribute("rel") or "")
    assert page.locator('main a[href^="javascript:"]').count() == 0
    assert dialogs == []


def test_another_page_can_not_frame_these(flash, page):
    answer = page.goto(flash.url)
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    # Text that becomes HTML is refused by the browser itself, with or without a mistake in a script.
    page.watched.provoked = "insertAdjacentHTML|TrustedHTML"
    refused = page.evaluate(
        "() => { try { document.body.insertAdjacentHTML('beforeend', '<i>'); return false } catch { return true } }"
    )
    assert refused
