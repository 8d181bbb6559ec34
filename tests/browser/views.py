"""How a person reads the pages: by role and accessible name."""

import re


def rows(page):
    """The cells of the dataset's table, row by row, without the column of row links."""
    table = dataset_table(page)
    found = []
    for row in table.locator("tbody tr").all():
        found.append([cell.inner_text().strip() for cell in row.locator("td").all()])
    return found


def dataset_table(page):
    """The table of a dataset: the one with a caption."""
    return page.locator("table:has(caption)").first


def texts(page, name):
    """The cells of a column by its name."""
    names = dataset_table(page).locator("thead tr").first.locator("th").all()
    names = [head.locator("a").inner_text().strip() if head.locator("a").count() else "" for head in names]
    # The first column has the numbers of the rows.
    index = names.index(name) - 1
    return [row[index] for row in rows(page)]


def names(page):
    """The names of the columns that are shown."""
    return [text.strip() for text in dataset_table(page).locator("thead tr").first.locator("th a").all_inner_texts()]


def header(page, name):
    return dataset_table(page).locator("thead th").filter(has=page.get_by_role("link", name=name, exact=True)).first


def filter_by(page, name, operator, value):
    page.get_by_label(f"Operator for {name}", exact=True).select_option(operator)
    page.get_by_label(f"Value for {name}", exact=True).fill(value)


def apply(page):
    page.get_by_role("button", name="Apply filters").click()


def open_menu(page, name):
    """Opens what a summary with that name folds away."""
    page.locator("summary").filter(has_text=re.compile(f"^{name}")).first.click()


def give_key(page, key):
    page.get_by_label("Key", exact=True).fill(key)
    page.get_by_role("button", name="Use this key").click()
