"""Every page: no accessibility violation, no error on the console, no other host, no sideways scroll."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe

from .conftest import Visitor

PUBLIC = {
    "home": ("/", 200),
    "galaxies": ("/galaxies/", 200),
    "galaxies filtered": ("/galaxies/?z_cl_min=0.05&bpt_class=star-forming&sort=-z_our", 200),
    "galaxies wrong": ("/galaxies/?z_cl_min=abc", 400),
    "galaxies none": ("/galaxies/?z_cl_min=5", 200),
    "nebulae": ("/nebulae/", 200),
    "nebulae all columns": ("/nebulae/?columns=all", 200),
    "unclear": ("/unclear/", 200),
    "regions": ("/regions/?has_spectra=true", 200),
    "no such region": ("/regions/G000.000+00.000/", 404),
    "candidates": ("/candidates/", 200),
    "lookups": ("/lookups/", 200),
    "spectra": ("/spectra/", 200),
    "bpt": ("/bpt/", 200),
    "populations wrong": ("/populations/?x=nope", 400),
    "populations none": ("/populations/?z_cl_min=9", 200),
    "pipeline": ("/pipeline/", 200),
    "how it works": ("/how-it-works/", 200),
    "how it works wrong": ("/how-it-works/?k=9", 400),
    "figures": ("/figures/", 200),
    "figure of counts": ("/figures/snr/?snr_r_min=3", 200),
    "figure of shares": ("/figures/redshift/", 200),
    "figure of types": ("/figures/objtype/", 200),
    "figure compared": ("/figures/redshift-compared/", 200),
    "figure wrong": ("/figures/snr/?z_cl_min=abc", 400),
    "figure missing": ("/figures/none/", 404),
    "catalogues": ("/catalogues/", 200),
    "catalogue": ("/catalogues/1/", 200),
    "catalogue missing": ("/catalogues/999/", 404),
    "catalogues compared": ("/catalogues/1/compare/1/", 200),
    "runs": ("/runs/", 200),
    "refusals": ("/refusals/", 200),
    "missing": ("/spectra/no-such-spectrum/", 404),
    "login": ("/admin/login/", 200),
}
STAFF = (
    "/admin/", "/admin/catalog/spectrum/", "/admin/tasks/job/launch/", "/admin/tasks/job/upload/",
    "/admin/tasks/job/counterparts/",
)  # fmt: skip
LOOKS = [(1440, "light"), (390, "dark")]


def inspect(visitor: Visitor) -> None:
    """Hold the page that is open against what every page keeps."""
    results = Axe().run(visitor.page)
    assert results.violations_count == 0, results.generate_report()
    overflow = visitor.page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert overflow <= 0, f"the page is {overflow} pixels wider than the window"
    assert visitor.page.locator("h1").count() == 1


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
@pytest.mark.parametrize("name", PUBLIC)
def test_public_page(visitor: Callable[..., Visitor], name: str, width: int, scheme: str) -> None:
    guest = visitor(width, scheme)
    path, status = PUBLIC[name]
    guest.open(path, status)
    inspect(guest)


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_spectrum_page(visitor: Callable[..., Visitor], width: int, scheme: str) -> None:
    guest = visitor(width, scheme)
    guest.open("/galaxies/")
    guest.page.locator("tbody a").first.click()
    guest.page.locator("#content .js-plotly-plot .main-svg").first.wait_for()
    guest.page.wait_for_load_state("networkidle")
    inspect(guest)


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_region_page(visitor: Callable[..., Visitor], width: int, scheme: str) -> None:
    guest = visitor(width, scheme)
    guest.open("/regions/?has_spectra=true")
    guest.page.locator("tbody a").first.click()
    guest.page.locator("#content .js-plotly-plot .main-svg").first.wait_for()
    guest.page.wait_for_load_state("networkidle")
    inspect(guest)


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_run_page(visitor: Callable[..., Visitor], width: int, scheme: str) -> None:
    guest = visitor(width, scheme)
    guest.open(f"/runs/{guest.portal.run['run']}/")
    inspect(guest)


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
@pytest.mark.parametrize("path", STAFF)
def test_operators_page(visitor: Callable[..., Visitor], path: str, width: int, scheme: str) -> None:
    operator = visitor(width, scheme, logged_in=True)
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
