"""The plot and its rows, linked both ways, as a person uses them."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from astropy.wcs import WCS
from PIL import Image
from playwright.sync_api import Page, expect

from .conftest import Visitor
from .test_pages import LOOKS, inspect

PLOT = "/populations/?x=z_our&y=mag_g"
MOST_CONTEXTS = 3  # of WebGL: what one plot takes
INSIDE = """() => {
    const plot = document.querySelector("[data-drawing]"), query = new URL(location.href).searchParams;
    const ends = ["x_min", "x_max", "y_min", "y_max"].map((end) => Number(query.get(end)));
    const within = (x, y) => x >= ends[0] && x <= ends[1] && y >= ends[2] && y <= ends[3];
    const points = plot.data.filter(({ customdata }) => customdata);
    return points.flatMap(({ x, y }) => [...x].filter((_, i) => within(x[i], y[i]))).length;
}"""

OUTSIDE_AND_INSIDE = """() => {
    const plot = document.querySelector("[data-drawing]"), canvas = plot.querySelector(".marks");
    const { xaxis, yaxis } = plot._fullLayout, scale = canvas.width / canvas.clientWidth;
    const query = new URL(location.href).searchParams, pen = canvas.getContext("2d");
    const [x0, x1, y0, y1] = ["x_min", "x_max", "y_min", "y_max"].map((end) => Number(query.get(end)));
    const lone = [0, 0]; // marked points: outside, where no point of the selection is near, and inside
    const traces = plot.data.filter(({ customdata }) => customdata);
    const all = traces.flatMap(({ x, y }) => [...x].map((u, i) => [u, y[i]]));
    const inside = all.filter(([x, y]) => x >= x0 && x <= x1 && y >= y0 && y <= y1);
    const at = ([x, y]) => [xaxis.l2p(x), yaxis.l2p(y)];
    for (const point of all) {
        const [u, v] = at(point), isInside = inside.includes(point);
        if (!isInside && inside.map(at).some(([s, t]) => Math.hypot(s - u, t - v) < 12)) continue;
        const inked = (dx) => pen.getImageData((u + dx) * scale, v * scale, 1, 1).data[3] > 0;
        lone[Number(isInside)] += [-4, 0, 4].some(inked); // an open circle has nothing in its middle
    }
    return lone;
}"""


def open_plot(visitor: Visitor, path: str = PLOT) -> Page:
    visitor.open(path)
    visitor.page.locator("[data-drawing].js-plotly-plot .main-svg").first.wait_for()
    return visitor.page


def counted(page: Page) -> int:
    return int(page.locator("p[data-count]").get_attribute("data-count") or -1)


def pixel(page: Page, number: int) -> tuple[float, float]:
    """Where on the screen a point is."""
    return tuple(
        page.evaluate(
            """(number) => {
                const plot = document.querySelector("[data-drawing]");
                const trace = plot.data.find(({ customdata }) => customdata?.includes(number));
                const { xaxis, yaxis } = plot._fullLayout, i = trace.customdata.indexOf(number);
                const box = plot.querySelector(".nsewdrag").getBoundingClientRect();
                return [box.x + xaxis.l2p(trace.x[i]), box.y + yaxis.l2p(trace.y[i])];
            }""",
            number,
        )
    )


def drag(page: Page, corners: list[tuple[float, float]]) -> None:
    """Drag through points given as shares of the plot."""
    page.locator("[data-drawing]").scroll_into_view_if_needed()
    box = page.locator("[data-drawing] .nsewdrag").first.bounding_box()
    assert box is not None
    at = [(box["x"] + u * box["width"], box["y"] + v * box["height"]) for u, v in corners]
    page.mouse.move(*at[0])
    page.mouse.down()
    for x, y in at[1:]:
        page.mouse.move(x, y, steps=8)
    page.mouse.up()


def until(page: Page, holds: str) -> None:
    """Wait until an expression holds. Playwright's own way needs eval, which the portal's policy forbids."""
    for _ in range(300):
        if page.evaluate(holds):
            return
        page.wait_for_timeout(100)
    pytest.fail(f"it never came to be that {holds}")


MARKED = """([x, y]) => {
    const plot = document.querySelector("[data-drawing]"), canvas = plot.querySelector(".marks");
    const { xaxis, yaxis } = plot._fullLayout, scale = canvas.width / canvas.clientWidth;
    const pen = canvas.getContext("2d"), [u, v] = [xaxis.l2p(x), yaxis.l2p(y)];
    const inked = (dx) => pen.getImageData((u + dx) * scale, v * scale, 1, 1).data[3] > 0;
    return { point: inked(0), ring: [-10, -9, -8].some(inked) && [8, 9, 10].some(inked) };
}"""


def marked(page: Page, x: float, y: float) -> dict[str, bool]:
    """What the canvas over the plot shows at a position: the point of a selection, a ring about it."""
    return page.evaluate(MARKED, [x, y])


def marks(page: Page, chosen: str, rings: str) -> None:
    """Wait until so many points of the selection and so many rings are drawn."""
    canvas = page.locator(".marks")
    expect(canvas).to_have_attribute("data-chosen", chosen)
    expect(canvas).to_have_attribute("data-rings", rings)


def test_a_box_becomes_rows_and_an_address(visitor: Callable[..., Visitor]) -> None:
    guest = visitor()
    page = open_plot(guest)
    everything = counted(page)
    page.get_by_role("button", name="Box").click()
    drag(page, [(0.1, 0.1), (0.6, 0.8)])
    page.wait_for_url(re.compile("x_min="))
    expect(page.locator("#selection-title")).to_have_text("Selection")
    count = counted(page)
    assert 0 < count < everything
    assert page.evaluate(INSIDE) == count
    assert page.locator(".rows tbody tr").count() == min(count, 50)
    shown = page.locator("[name=x_min]").input_value()
    assert f"x_min={shown}" in page.url
    marks(page, str(count), "0")
    assert page.evaluate(OUTSIDE_AND_INSIDE) == [0, count]

    selection = page.url
    page.go_back()
    expect(page.locator("#selection-title")).to_have_text("All rows")
    assert counted(page) == everything
    guest.open(selection.removeprefix(guest.portal.url))  # the address alone holds it
    assert counted(page) == count
    href = page.get_by_role("link", name="These as a list").get_attribute("href")
    guest.open(str(href))
    assert page.locator("#content [role=status] strong").first.inner_text() == str(count)


def test_a_lasso_becomes_a_list(visitor: Callable[..., Visitor]) -> None:
    guest = visitor()
    page = open_plot(guest)
    everything = counted(page)
    page.get_by_role("button", name="Lasso").click()
    drag(page, [(0.05, 0.05), (0.6, 0.05), (0.6, 0.9), (0.05, 0.6), (0.05, 0.05)])
    page.wait_for_url(re.compile("picked="))
    expect(page.locator("#selection-title")).to_have_text("Selection")
    count = counted(page)
    assert 0 < count < everything
    href = str(page.get_by_role("link", name="These as a list").get_attribute("href"))
    assert "list=" in href
    guest.open(href)
    assert page.locator("#content [role=status] strong").first.inner_text() == str(count)


def test_rows_ring_their_points_by_mouse_and_keyboard(visitor: Callable[..., Visitor]) -> None:
    page = open_plot(visitor())
    everything = counted(page)
    rows = page.locator(".rows tbody tr")
    rows.nth(1).hover()
    marks(page, "", "1")
    at = [float(str(rows.nth(1).get_attribute(f"data-{axis}"))) for axis in "xy"]
    assert marked(page, *at) == {"point": False, "ring": True}
    for row in (0, 2):
        rows.nth(row).get_by_role("checkbox").focus()
        page.keyboard.press("Space")
    page.mouse.move(5, 5)
    marks(page, "", "2")
    page.get_by_role("button", name="Select the 2 ticked rows").click()
    page.wait_for_url(re.compile("picked="))
    expect(page.locator("p[data-count]")).to_have_attribute("data-count", "2")
    page.get_by_role("link", name="Select nothing").first.click()
    expect(page.locator("p[data-count]")).to_have_attribute("data-count", str(everything))
    page.get_by_label("z from").last.fill("0.1")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("x_min=0.1"))
    expect(page.locator("#selection-title")).to_have_text("Selection")


def test_a_click_opens_the_spectrum_and_the_selection_stays(visitor: Callable[..., Visitor]) -> None:
    page = open_plot(visitor(), f"{PLOT}&x_min=0.01&x_max=0.3")
    address, count = page.url, counted(page)
    page.locator("[data-drawing]").scroll_into_view_if_needed()
    x, y = pixel(page, 0)
    page.mouse.move(x - 40, y - 40)
    page.mouse.move(x, y, steps=6)
    expect(page.locator("[data-card] polyline").first).to_be_visible()
    page.mouse.click(x, y)
    viewer = page.locator("[data-viewer].js-plotly-plot .main-svg").first
    viewer.wait_for()
    name = page.locator("#opened-name").inner_text()
    assert name in str(page.locator("[data-opened-page]").get_attribute("href"))
    assert (page.url, counted(page)) == (address, count)

    show = page.locator(".rows tbody tr").first.get_by_role("button")
    show.press("Enter")
    first = str(page.locator(".rows tbody tr").first.get_attribute("data-name"))
    expect(page.locator("#opened-name")).to_have_text(first)
    expect(page.locator("#opened-name")).to_be_focused()
    page.get_by_role("button", name="Close").click()
    expect(show).to_be_focused()
    assert counted(page) == count


def test_a_saved_picture_holds_the_marks(visitor: Callable[..., Visitor], tmp_path: Path) -> None:
    page = open_plot(visitor(), f"{PLOT}&x_min=0.05")
    marks(page, str(counted(page)), "0")
    with page.expect_download() as told:
        page.locator("[data-drawing] .modebar-btn[data-title^='Save']").dispatch_event("click")
    told.value.save_as(tmp_path / "populations.svg")
    picture = ElementTree.parse(tmp_path / "populations.svg")
    images = {image.get("class"): image for image in picture.iter("{http://www.w3.org/2000/svg}image")}
    back, front = (
        Image.open(io.BytesIO(base64.b64decode(str(image.get(at)).partition(",")[2])))
        for image, at in ((images[None], "{http://www.w3.org/1999/xlink}href"), (images["marks"], "href"))
    )
    assert back.getextrema() != front.getextrema()
    assert front.getchannel("A").getbbox() is not None  # something is drawn
    assert float(str(images["marks"].get("x"))) > 0
    (points,) = (g for g in picture.iter("{http://www.w3.org/2000/svg}g") if g.get("class") == "glimages")
    assert points.get("opacity") == "0.25"  # what is not selected steps back, as on the page


def test_above_the_limit_a_density_and_points_on_zoom(visitor: Callable[..., Visitor]) -> None:
    page = open_plot(visitor(), f"{PLOT}&most=10")
    assert page.evaluate("document.querySelector('[data-drawing]').data[0].type") == "heatmap"
    expect(page.get_by_role("button", name="Lasso")).to_be_disabled()
    everything = counted(page)
    expect(page.locator("[data-said]").first).to_contain_text("Not coloured by")
    page.get_by_role("button", name="Box").click()
    drag(page, [(0.1, 0.1), (0.7, 0.8)])
    page.wait_for_url(re.compile("y_max="))
    expect(page.locator("#selection-title")).to_have_text("Selection")
    assert 0 < counted(page) < everything
    page.evaluate(
        """() => {
            const plot = document.querySelector("[data-drawing]"), [low, high] = plot.layout.xaxis.range;
            return Plotly.relayout(plot, { "xaxis.range": [low, low + 0.12 * (high - low)] });
        }"""
    )
    until(page, "document.querySelector('[data-drawing]').data.every(({ type }) => type !== 'heatmap')")
    expect(page.locator("[data-said]").first).to_contain_text("points in view")
    expect(page.locator(".marks")).to_have_attribute("data-chosen", re.compile(r"\d"))
    in_view = int(str(page.locator(".marks").get_attribute("data-chosen")))
    assert in_view <= counted(page)
    assert page.evaluate(OUTSIDE_AND_INSIDE) == [0, in_view]


def test_the_sky_is_drawn_as_fits_projects_it(visitor: Callable[..., Visitor]) -> None:
    page = open_plot(visitor(), "/populations/?of=candidates&sky=galactic")
    rng = np.random.default_rng(3)
    lon, lat = rng.uniform(-179, 179, 40), rng.uniform(-89, 89, 40)
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.cdelt, wcs.wcs.crval = ["GLON-AIT", "GLAT-AIT"], [-1, 1], [0, 0]
    expected = np.transpose(wcs.wcs_world2pix(lon, lat, 0)) - np.transpose(wcs.wcs_world2pix([0.0], [0.0], 0))
    found = page.evaluate(
        """async (points) => {
            const script = document.querySelector('script[src*="populations"]').src;
            const { project, unproject } = await import(script.replace(/populations[^/]*$/, "sky-map.js"));
            return points.map(([lon, lat]) => {
                const at = project(lon, lat, 0);
                return [...at, ...unproject(...at, 0)];
            });
        }""",
        np.transpose([lon, lat]).tolist(),
    )
    found = np.array(found)
    assert found[:, :2] == pytest.approx(expected, abs=1e-6)
    assert found[:, 2] == pytest.approx(lon % 360, abs=1e-6)
    assert found[:, 3] == pytest.approx(lat, abs=1e-6)
    names = page.evaluate("document.querySelector('[data-drawing]').data.map(({ name }) => name ?? '')")
    assert any("H II regions" in name for name in names)


def test_complaint_14_few_webgl_plots_live_on_a_page(visitor: Callable[..., Visitor]) -> None:
    """Plotly #337: browsers keep some sixteen WebGL contexts. Whatever is done, one plot has its three."""
    page = open_plot(visitor())
    made = "document.querySelectorAll('#content .gl-container canvas').length"
    page.locator("[data-drawing] canvas").first.wait_for(state="attached")
    first = page.evaluate(made)
    assert 0 < first <= MOST_CONTEXTS
    for scheme in ("dark", "light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_timeout(200)
    for row in range(3):
        page.locator(".rows tbody tr").nth(row).get_by_role("button").click()
        page.locator("[data-viewer].js-plotly-plot .main-svg").first.wait_for()
    for low in ("0.02", "0.05"):
        page.get_by_label("z from").last.fill(low)
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(f"x_min={low}"))
        page.wait_for_timeout(300)
    assert page.evaluate(made) == first


def test_the_bpt_page_is_linked_by_the_same_script(visitor: Callable[..., Visitor]) -> None:
    page = open_plot(visitor(), "/bpt/")
    everything = counted(page)
    page.get_by_role("button", name="Box").click()
    drag(page, [(0.2, 0.2), (0.8, 0.9)])
    page.wait_for_url(re.compile(r"/bpt/\?x_min="))
    expect(page.locator("#selection-title")).to_have_text("Selection")
    assert 0 < counted(page) < everything


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
@pytest.mark.parametrize(
    "path", [f"{PLOT}&x_min=0.02", "/populations/?of=nebulae&sky=galactic", "/populations/?x=snr_r"]
)
def test_page(visitor: Callable[..., Visitor], path: str, width: int, scheme: str) -> None:
    guest = visitor(width, scheme)
    page = open_plot(guest, path)
    if page.locator(".rows tbody tr").count():
        page.locator(".rows tbody tr").first.get_by_role("button").click()
        page.locator("[data-viewer].js-plotly-plot .main-svg").first.wait_for()
    inspect(guest)
