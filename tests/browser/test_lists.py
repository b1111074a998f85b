"""Browsing as a person does: histogram, counts, columns, sparks, a list of one's own, through the result."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from .conftest import Visitor
from .test_pages import inspect


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_browsing(visitor: Callable[..., Visitor], width: int, scheme: str) -> None:
    guest = visitor(width, scheme)
    page = guest.page
    guest.open("/galaxies/")
    page.locator("td.spark svg").first.wait_for()
    assert page.locator("td.spark svg").first.get_attribute("aria-label").startswith("Flux of spec-")
    if width < 900:
        page.locator("#filters > summary").click()
    page.locator('[data-histogram="z_cl"] svg').wait_for()
    assert page.locator('[data-count="bpt_class"][data-value="star-forming"]').inner_text().isdecimal()

    # by keyboard: a handle sets its box
    handle = page.get_by_label("Redshift (lines) from, by its histogram")
    handle.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    low = page.locator("#id_z_cl_min").input_value()
    assert float(low) > 0
    inspect(guest)
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url(f"**z_cl_min={low}*")
    page.locator("td.spark svg").first.wait_for()

    # columns in an order of one's own
    page.get_by_text(re.compile(r"^Columns \(")).click()
    page.locator(".chooser").first.get_by_role("checkbox", name="RA (deg)").uncheck()
    page.locator(".chooser").first.get_by_role("button", name="Move Dec (deg) earlier").click()
    page.get_by_role("button", name="Show these").click()
    page.wait_for_url("**columns=**")
    assert f"z_cl_min={low}" in page.url

    # through the result, and back
    page.locator("tbody a").first.click()
    page.get_by_role("navigation", name="Through the result").get_by_role("link", name="Next").click()
    assert page.locator(".through strong").inner_text() == "2"
    page.get_by_role("link", name="Back to: Emission-line galaxies").click()
    page.wait_for_url("**/galaxies/**")
    page.wait_for_load_state("networkidle")

    # a list of one's own, with a line that matches nothing
    name = page.locator("td.name a").first.inner_text()
    guest.open("/lists/")
    page.get_by_label("Paste").fill(f"{name}.fits\nno-such-spectrum\n")
    page.get_by_role("button", name="Match with what is held").click()
    page.get_by_text("no-such-spectrum").first.wait_for()
    inspect(guest)
    page.get_by_role("link", name="Those among: Spectra").click()
    page.wait_for_load_state("networkidle")
    assert page.locator("tbody tr").count() == 1
    inspect(guest)


def test_common_values_and_yes_or_no_are_counted_and_act(visitor: Callable[..., Visitor]) -> None:
    guest = visitor()
    page = guest.page
    guest.open("/spectra/")
    value = page.get_by_role("list", name="Class: the commonest").get_by_role("button").first
    rows = value.locator(".count").inner_text()
    name = value.inner_text().removesuffix(rows).strip()
    value.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**cls={name}*")
    assert page.get_by_role("status").inner_text() == f"{rows} rows match"
    value = page.get_by_role("list", name="Class: the commonest").get_by_role("button", pressed=True)
    value.wait_for()
    inspect(guest)
    value.click()
    page.wait_for_url(re.compile(r"/spectra/\??$"))
    guest.open("/candidates/")
    option = page.get_by_label("One spectrum per source").locator("option").nth(1)
    assert re.fullmatch(r"yes \([\d,]+\)", option.inner_text())


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_saved_searches(visitor: Callable[..., Visitor], width: int, scheme: str) -> None:
    reader = visitor(width, scheme, logged_in=True)
    page = reader.page
    reader.open("/galaxies/?z_cl_min=0.05")
    page.get_by_text("Save this search", exact=True).click()
    page.get_by_label("Name of the search").fill(f"Far ones {width}")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text(f"Saved as “Far ones {width}”").wait_for()
    reader.open("/searches/")
    inspect(reader)
    page.get_by_role("button", name=f"Delete Far ones {width}").click()
    page.get_by_text(f"“Far ones {width}” is deleted.").wait_for()
