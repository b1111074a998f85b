"""Every page: no accessibility violation, no error on the console, no other host, no sideways scroll."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from .conftest import Visitor
from .pages import LOOKS, PUBLIC, STAFF


def inspect(visitor: Visitor) -> None:
    """Hold the page that is open against what every page keeps."""
    results = Axe().run(visitor.page)
    assert results.violations_count == 0, results.generate_report()
    overflow = visitor.page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert overflow <= 0, f"the page is {overflow} pixels wider than the window"
    assert visitor.page.locator("h1").count() == 1


@pytest.mark.parametrize("name", PUBLIC)
def test_public_page(visitor: Callable[..., Visitor], name: str) -> None:
    guest = visitor()
    for look in LOOKS:
        guest.look(*look)
        guest.open(*PUBLIC[name])
        inspect(guest)


@pytest.mark.parametrize("path", ["/galaxies/", "/regions/?has_spectra=true"])
def test_page_of_a_row(visitor: Callable[..., Visitor], path: str) -> None:
    guest = visitor()
    guest.open(path)
    address = str(guest.page.locator("tbody a").first.get_attribute("href"))
    for look in LOOKS:
        guest.look(*look)
        guest.open(address)
        guest.page.locator("#content .js-plotly-plot .main-svg").first.wait_for()
        inspect(guest)


def test_run_page(visitor: Callable[..., Visitor]) -> None:
    guest = visitor()
    for look in LOOKS:
        guest.look(*look)
        guest.open(f"/runs/{guest.portal.run['run']}/")
        guest.page.locator("#union-caption").scroll_into_view_if_needed()
        guest.page.locator("#content .js-plotly-plot .main-svg").first.wait_for()
        inspect(guest)


def test_job_page(visitor: Callable[..., Visitor]) -> None:
    """The look-up that followed the run: its job is the second."""
    guest = visitor()
    for look in LOOKS:
        guest.look(*look)
        guest.open("/jobs/2/")
        expect(guest.page.locator("h1")).to_have_text(f"Look-up for run {guest.portal.run['run']}")
        inspect(guest)


def test_given_list(visitor: Callable[..., Visitor]) -> None:
    guest = visitor()
    guest.open("/galaxies/")
    name = guest.page.locator("tbody a").first.inner_text()
    guest.open("/lists/")
    guest.page.locator("textarea").fill(f"{name}\nno-such-spectrum")
    guest.page.get_by_role("button", name="Match with what is held").click()
    guest.page.wait_for_url(re.compile(r"/lists/[\w-]+/$"))
    address = urlsplit(guest.page.url).path
    for look in LOOKS:
        guest.look(*look)
        guest.open(address)
        inspect(guest)


def test_operators_pages(visitor: Callable[..., Visitor]) -> None:
    operator = visitor(logged_in=True)
    for path in (*STAFF, f"/admin/tasks/job/launch/?like={operator.portal.run['run']}"):
        for look in LOOKS:
            operator.look(*look)
            operator.open(path)
            inspect(operator)


def test_guests_are_asked_to_log_in(visitor: Callable[..., Visitor]) -> None:
    guest = visitor()
    for path in STAFF:
        guest.open(path)
        assert "/admin/login/" in guest.page.url


@pytest.mark.parametrize("path", ["/", "/galaxies/", "/spectra/", "/admin/login/"])
def test_the_portal_says_that_it_is_simulated(visitor: Callable[..., Visitor], path: str) -> None:
    guest = visitor()
    guest.open(path)
    assert guest.page.get_by_text("Simulated.", exact=True).is_visible()


def test_keyboard_reaches_the_content(visitor: Callable[..., Visitor]) -> None:
    guest = visitor()
    guest.open("/galaxies/")
    guest.page.keyboard.press("Tab")
    assert guest.page.evaluate("document.activeElement.textContent") == "Skip to the content"
    guest.page.keyboard.press("Enter")
    assert guest.page.evaluate("document.activeElement.id") == "content"
