"""The figures, used as a person uses them: lines follow z, the zoom stays, a click opens a spectrum."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from retrieval.lines import LINE

from .conftest import Visitor

HA = LINE["ha"].wavelength


def open_galaxy(visitor: Visitor, query: str = "") -> Page:
    visitor.open("/galaxies/")
    href = visitor.page.locator("tbody td.name a").first.get_attribute("href")
    visitor.open(f"{href}{query}")
    visitor.page.locator(".js-plotly-plot .main-svg").first.wait_for()
    return visitor.page


def drawn(page: Page) -> dict[str, Any]:
    """Where the figure's axes stand and where it draws H alpha."""
    return page.evaluate(
        """() => {
            const { layout } = document.querySelector("[data-spectrum]");
            const ha = layout.shapes.find((shape) => shape.name === "line:ha");
            return { x: layout.xaxis.range, y: layout.yaxis.range, ha: ha.x0,
                     rest: layout.xaxis2.ticktext.map(Number), observed: layout.xaxis2.tickvals,
                     labels: layout.shapes.filter((s) => s.label).map((s) => s.label.text) };
        }"""
    )


def stands_at_rest(figure: dict[str, Any], z: float) -> None:
    """The rest axis names round wavelengths where the redshift puts them, all over what is shown."""
    assert figure["observed"] == pytest.approx([rest * (1 + z) for rest in figure["rest"]])
    (first, last), step = figure["x"], figure["observed"][1] - figure["observed"][0]
    assert first <= figure["observed"][0] < first + step
    assert last - step < figure["observed"][-1] <= last
    assert 3 <= len(figure["rest"]) <= 13


def drag(page: Page, first: float, last: float) -> None:
    """Drag a box over a share of the figure's width."""
    box = page.locator(".js-plotly-plot .nsewdrag").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + first * box["width"], box["y"] + 0.3 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + last * box["width"], box["y"] + 0.8 * box["height"], steps=5)
    page.mouse.up()
    page.wait_for_timeout(500)


@pytest.mark.parametrize("width", [1440, 390])
def test_lines_stand_at_the_redshift_in_the_first_view(visitor: Callable[..., Visitor], width: int) -> None:
    page = open_galaxy(visitor(width))
    own = float(page.locator("#z").input_value())
    first = drawn(page)
    assert first["ha"] == pytest.approx(HA * (1 + own), abs=1e-6)
    stands_at_rest(first, own)
    assert "Hα" in first["labels"]


def test_the_zoom_survives_a_typed_redshift_that_is_never_rounded(visitor: Callable[..., Visitor]) -> None:
    page = open_galaxy(visitor())
    whole = drawn(page)
    drag(page, 0.5, 0.8)
    zoomed = drawn(page)
    assert zoomed["x"][1] - zoomed["x"][0] < 0.5 * (whole["x"][1] - whole["x"][0])
    own = float(page.locator("#z").input_value())
    stands_at_rest(zoomed, own)

    typed = "0.12345678901234"
    page.locator("#z").fill(typed)
    page.locator("#z").press("Enter")
    page.wait_for_timeout(500)
    moved = drawn(page)
    assert (moved["x"], moved["y"]) == (zoomed["x"], zoomed["y"])
    assert moved["ha"] == pytest.approx(HA * (1 + float(typed)), abs=1e-6)
    stands_at_rest(moved, float(typed))
    assert page.locator("#z").input_value() == typed
    assert f"z={typed}" in page.url
    assert page.locator(f'td[data-rest="{HA}"]').inner_text() == f"{HA * (1 + float(typed)):.2f}"

    page.reload()
    page.locator(".js-plotly-plot .main-svg").first.wait_for()
    assert drawn(page)["ha"] == pytest.approx(HA * (1 + float(typed)), abs=1e-6)

    drag(page, 0.1, 0.4)
    page.get_by_role("button", name="Whole spectrum").click()
    page.wait_for_timeout(500)
    assert drawn(page)["x"] == pytest.approx(whole["x"])
    page.get_by_role("button", name="Back to").click()
    page.wait_for_timeout(500)
    assert drawn(page)["ha"] == pytest.approx(whole["ha"])


def test_a_wrong_redshift_is_said_and_nothing_moves(visitor: Callable[..., Visitor]) -> None:
    page = open_galaxy(visitor())
    before = drawn(page)
    page.locator("#z").fill("fast")
    page.get_by_role("button", name="Draw").click()
    assert "is not a redshift" in page.locator("#z-said").inner_text()
    assert page.locator("#z").get_attribute("aria-invalid") == "true"
    assert drawn(page) == before


def test_a_spectrum_without_redshift_gets_its_lines_when_one_is_typed(
    visitor: Callable[..., Visitor],
) -> None:
    guest = visitor()
    guest.open("/spectra/?role=unknown&sort=snr_r")
    addresses = [str(link.get_attribute("href")) for link in guest.page.locator("tbody td.name a").all()]
    pages = ((address, guest.page.request.get(guest.portal.url + address).text()) for address in addresses)
    guest.open(next(address for address, page in pages if "No redshift is known" in page))
    guest.page.locator(".js-plotly-plot .main-svg").first.wait_for()
    page = guest.page
    expect(page.locator("[data-lines-at-z]")).to_be_hidden()
    expect(page.locator("[data-insets]")).to_be_hidden()
    page.evaluate("window.loadedOnce = true")
    page.locator("#z").fill("0.05")
    page.locator("#z").press("Enter")
    page.wait_for_url("**z=0.05**")
    assert drawn(page)["ha"] == pytest.approx(HA * 1.05)
    expect(page.locator(f'td[data-rest="{HA}"]')).to_have_text(f"{HA * 1.05:.2f}")
    expect(page.locator("[data-insets] button")).to_have_count(6)
    page.locator("#z").fill("0.7")
    page.locator("#z").press("Enter")
    expect(page.locator(f'td[data-rest="{HA}"]')).to_be_hidden()  # beyond the spectrum
    assert page.evaluate("window.loadedOnce")  # all without another page


def test_figures_follow_the_colour_scheme(visitor: Callable[..., Visitor]) -> None:
    page = open_galaxy(visitor())

    paper = "document.querySelector('[data-spectrum]').layout.paper_bgcolor"
    light = page.evaluate(paper)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"() => {paper} !== {light!r}")


def test_a_click_on_a_catalogues_bpt_diagram_opens_the_spectrum(visitor: Callable[..., Visitor]) -> None:
    guest = visitor()
    guest.open("/bpt/?catalogue=1")
    page = guest.page
    page.locator(".js-plotly-plot .main-svg").first.wait_for()
    name, x, y = page.evaluate(
        """() => {
            const plot = document.querySelector("[data-plot]");
            const trace = plot.data.find((trace) => trace.customdata);
            const { xaxis, yaxis } = plot._fullLayout;
            const box = plot.querySelector(".nsewdrag").getBoundingClientRect();
            return [trace.customdata[0][0], box.x + xaxis.l2p(trace.x[0]), box.y + yaxis.l2p(trace.y[0])];
        }"""
    )
    page.mouse.move(x - 30, y - 30)
    page.mouse.move(x, y, steps=5)
    page.wait_for_timeout(300)
    with page.expect_navigation():
        page.mouse.click(x, y)
    assert f"/spectra/{name}/" in page.url
