"""The spectrum's viewer, used as an astronomer uses it; complaints of other viewers' users, each by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.table import Table
from playwright.sync_api import Page, expect

from retrieval.lines import LINE
from retrieval.readers.air import air_to_vacuum, vacuum_to_air

from .conftest import Visitor
from .test_figures import HA, drag, drawn, open_galaxy
from .test_pages import LOOKS, inspect

VIEW = """() => {
    const { layout, data } = document.querySelector("[data-spectrum]");
    const flux = data.find((trace) => trace.meta?.role === "flux");
    return { x: layout.xaxis.range, title: layout.xaxis.title.text, rest: layout.xaxis2.title.text,
             bands: layout.shapes.filter((s) => !s.name.includes(":")).map((s) => [s.name, s.x0, s.x1]),
             lines: layout.shapes.filter((s) => s.name.startsWith("line:")).map((s) => s.name.slice(5)),
             residual: Boolean(layout.yaxis2), wave: flux.x, flux: flux.y };
}"""
GL = """() => {
    window.contexts = 0;
    const ask = HTMLCanvasElement.prototype.getContext;
    HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
        if (String(kind).includes("webgl")) window.contexts += 1;
        return ask.call(this, kind, ...rest);
    };
}"""


def view(page: Page) -> dict[str, Any]:
    return page.evaluate(VIEW)


def settled(page: Page, sentence: str) -> None:
    """Wait until the figure is as a sentence about ``plot`` says."""
    page.wait_for_function(
        f'() => {{ const plot = document.querySelector("[data-spectrum]"); return {sentence}; }}'
    )


def module(page: Page, name: str, expression: str, argument: Any = None) -> Any:
    """What an expression over a module of static/js, given as ``m``, and its ``argument`` comes to."""
    code = f"async (argument) => {{ const m = await import('/static/js/{name}'); return {expression}; }}"
    return page.evaluate(code, argument)


def test_computing_in_the_browser_agrees_with_python(visitor: Callable[..., Visitor]) -> None:
    guest = visitor()
    guest.open("/")
    waves = np.linspace(3000.0, 11000.0, 81)
    air = module(guest.page, "viewer/air.js", "argument.map(m.airFromVacuum)", waves.tolist())
    assert air == pytest.approx(vacuum_to_air(waves), abs=1e-9)
    vacuum = module(guest.page, "viewer/air.js", "argument.map(m.vacuumFromAir)", waves.tolist())
    assert vacuum == pytest.approx(air_to_vacuum(waves), abs=1e-9)
    assert vacuum_to_air(np.array([HA]))[0] == pytest.approx(6562.80, abs=0.01)  # as laboratories print it

    draw = np.random.default_rng(1)
    flux, ivar = draw.normal(10, 3, 60), draw.uniform(0.1, 2, 60)
    ivar[20:24] = 0
    for kind, width in (("box", 5), ("gaussian", 2)):
        reach = width // 2 if kind == "box" else 4 * width
        expected, errors = [], []
        for at in range(60):
            near = [i for i in range(60) if abs(i - at) <= reach]
            k = [1.0 if kind == "box" else np.exp(-0.5 * ((i - at) / width) ** 2) for i in near]
            weight = sum(k[n] * ivar[i] for n, i in enumerate(near))
            expected.append(sum(k[n] * ivar[i] * flux[i] for n, i in enumerate(near)) / weight)
            errors.append(np.sqrt(sum(k[n] ** 2 * ivar[i] for n, i in enumerate(near))) / weight)
        given = [flux.tolist(), ivar.tolist(), {"kind": kind, "width": width}]
        assert module(guest.page, "viewer/pixels.js", "m.smooth(...argument)", given) == pytest.approx(
            expected
        )
        sigma = module(guest.page, "viewer/pixels.js", "m.smoothedError(...argument)", given[1:])
        assert sigma == pytest.approx(errors)


def test_a_mounted_viewer_shows_one_spectrum_after_another(visitor: Callable[..., Visitor]) -> None:
    """What other pages do with the viewer: the next in the same place, an error said, and on from there."""
    guest = visitor()
    page = open_galaxy(guest)
    url = page.locator("[data-spectrum]").get_attribute("data-spectrum")
    told = page.evaluate(
        """async (url) => {
            const { mountSpectrum } = await import("/static/js/viewer.js");
            const place = document.createElement("div");
            place.style.height = "300px";
            document.querySelector("main").append(place);
            const followed = [];
            const onZ = (z, text) => followed.push(text);
            const viewer = await mountSpectrum(place, { url, compact: true, onZ });
            const plots = () => place.querySelectorAll(".plot-container").length;
            await viewer.zoom([6000, 7000]);
            await viewer.setZ(0.1, "0.1000");
            const zoomed = [...place.layout.xaxis.range];
            await viewer.show({ url, z: 0.05 });
            const next = [viewer.z, place.layout.xaxis.range[0] < 4000, plots()];
            const nobody = viewer.show({ url: "/spectra/nobody/figure.json" });
            const refused = await nobody.catch((error) => error.message);
            const said = place.querySelector("[role=alert]").textContent;
            await viewer.show({ url });
            const again = plots();
            viewer.destroy();
            return { followed, zoomed, next, refused, said, again, left: place.children.length };
        }""",
        url,
    )
    assert told["followed"][1:3] == ["0.1000", "0.05"]
    assert told["zoomed"] == [6000, 7000]
    assert told["next"] == [0.05, True, 1]
    assert told["refused"] == told["said"]
    assert (told["again"], told["left"]) == (1, 0)
    guest.complaints[:] = [said for said in guest.complaints if "status of 404" not in said]


def test_vacuum_and_air_are_stated_and_never_mixed(visitor: Callable[..., Visitor]) -> None:
    """Complaint 8: axes, lines, bands and data change together, and each says which."""
    page = open_galaxy(visitor())
    z = float(page.locator("#z").input_value())
    vacuum = view(page)
    assert vacuum["title"] == "Observed vacuum wavelength (Å)"
    page.get_by_label("Wavelengths in").select_option("air")
    settled(page, 'plot.layout.xaxis.title.text.includes("air")')
    air = view(page)
    assert (air["title"], air["rest"]) == ("Observed air wavelength (Å)", "Rest air wavelength (Å)")
    assert air["wave"] == pytest.approx(vacuum_to_air(np.array(vacuum["wave"])), abs=1e-6)
    assert drawn(page)["ha"] == pytest.approx(vacuum_to_air(np.array([HA * (1 + z)]))[0], abs=1e-6)
    moved = [edge for _, *edges in vacuum["bands"] for edge in edges]
    assert [edge for _, *edges in air["bands"] for edge in edges] == pytest.approx(
        vacuum_to_air(np.array(moved))
    )
    page.wait_for_url(lambda url: "medium=air" in url)


def test_view_is_kept_through_all_and_shared_by_its_address(visitor: Callable[..., Visitor]) -> None:
    """Complaint 3, for every control: zoom stays through z, smoothing and lines; the address holds it."""
    guest = visitor()
    page = open_galaxy(guest)
    drag(page, 0.5, 0.8)
    zoomed = view(page)
    page.get_by_label("Redshift", exact=True).focus()
    before = float(page.locator("#z").input_value())
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("#z")).to_have_value(f"{before + 1.1e-4:.6f}")
    page.get_by_label("Smoothing").select_option("box")
    page.get_by_label("of", exact=True).fill("7")
    page.get_by_label("of", exact=True).press("Enter")
    page.get_by_text("Lines", exact=True).click()
    page.get_by_label("Hβ", exact=True).uncheck()
    settled(page, '!plot.layout.shapes.some((shape) => shape.name === "line:hb")')
    after = view(page)
    assert after["x"] == pytest.approx(zoomed["x"])
    assert after["flux"] != zoomed["flux"]
    assert after["bands"] == zoomed["bands"]  # sky and masks do not follow z
    assert after["residual"]
    page.wait_for_url(lambda url: "smooth=box:7" in url.replace("%3A", ":") and "hide=hb" in url)
    other = visitor()
    other.open(page.url.removeprefix(guest.portal.url))
    other.page.locator("[data-spectrum] .main-svg").first.wait_for()
    again = view(other.page)
    assert again["x"] == pytest.approx(after["x"], abs=0.01)
    assert (again["flux"], again["lines"]) == (after["flux"], after["lines"])
    assert drawn(other.page)["ha"] == pytest.approx(drawn(page)["ha"])
    expect(other.page.get_by_label("Smoothing")).to_have_value("box")


def test_a_clicked_feature_gets_its_line_and_z_follows(visitor: Callable[..., Visitor]) -> None:
    page = open_galaxy(visitor())
    z = float(page.locator("#z").input_value())
    x, y = page.evaluate(
        """(wave) => {
            const plot = document.querySelector("[data-spectrum]");
            const { xaxis, yaxis } = plot._fullLayout;
            const box = plot.querySelector(".nsewdrag").getBoundingClientRect();
            return [box.x + xaxis.l2p(wave), box.y + yaxis._length / 2];
        }""",
        HA * (1 + z),
    )
    page.mouse.move(x - 20, y)
    page.mouse.move(x, y, steps=4)
    page.wait_for_timeout(300)
    page.mouse.click(x, y)
    at = page.get_by_label("A feature at")
    page.wait_for_function('() => document.querySelector("#feature-at").value !== ""')
    assert float(at.input_value()) == pytest.approx(HA * (1 + z), abs=6)
    page.get_by_label("is", exact=True).select_option("oiii_5008")
    wanted = float(at.input_value()) / LINE["oiii_5008"].wavelength - 1
    expect(page.locator("#feature-said")).to_contain_text("[O III] 5008 at")
    assert float(page.locator("#z").input_value()) == pytest.approx(wanted, abs=1e-9)


def test_saved_data_keep_errors_masks_units_and_headers(
    visitor: Callable[..., Visitor], tmp_path: Path
) -> None:
    """Complaint 4: what is saved holds error, mask, continuum, template and residual, with units and how."""
    page = open_galaxy(visitor(), "&x=6000,7000&smooth=gaussian:2")
    page.get_by_text("Save", exact=True).click()
    with page.expect_download() as told:
        page.get_by_role("button", name="Data (CSV with units)").click()
    told.value.save_as(tmp_path / "shown.csv")
    table = Table.read(tmp_path / "shown.csv", format="ascii.ecsv")
    assert table.colnames == ["wavelength", "flux", "error", "mask", "continuum", "template", "residual"]
    assert str(table["wavelength"].unit) == "Angstrom"
    assert table["wavelength"].min() >= 6000
    assert table["wavelength"].max() <= 7000
    assert "vacuum" in table["wavelength"].description
    assert table.meta["smoothing"] == "gaussian, 2 pixels, weighted by inverse variance"
    good = ~np.ma.getmaskarray(np.ma.asarray(table["residual"]))
    assert np.asarray(table["flux"] - table["template"])[good] == pytest.approx(
        np.asarray(table["residual"])[good], rel=1e-3, abs=1e-3
    )
    assert (np.asarray(table["error"])[good] > 0).all()
    for name, start in (("Picture (SVG)", b"<svg"), ("Picture (PNG)", b"\x89PNG")):
        with page.expect_download() as told:
            page.get_by_role("button", name=name).click()
        told.value.save_as(tmp_path / "picture")
        assert (tmp_path / "picture").read_bytes().startswith(start)


def test_few_webgl_contexts_live_on_the_page(visitor: Callable[..., Visitor]) -> None:
    """Complaint 14: figure, six insets and shares of the distance are drawn without any."""
    guest = visitor()
    guest.page.add_init_script(f"({GL})()")
    page = open_galaxy(guest)
    page.locator("[data-insets] .flux").first.wait_for()
    page.locator("[data-shares]").scroll_into_view_if_needed()
    page.locator("[data-shares] .main-svg").first.wait_for()
    expect(page.locator("[data-shares] [data-said]")).to_contain_text("The largest shares")
    assert page.evaluate("window.contexts") <= 1


def test_insets_follow_z_and_lead_to_their_line(visitor: Callable[..., Visitor]) -> None:
    page = open_galaxy(visitor())
    paths = page.locator("[data-insets] .flux")
    paths.first.wait_for()
    first = [path.get_attribute("d") for path in paths.all()]
    assert all(drawn is not None and drawn.count("H") > 10 for drawn in first)
    whole = view(page)["x"]
    page.locator("#z").fill("0.06")
    page.locator("#z").press("Enter")
    line = page.get_by_role("button", name="Zoom to Hα")
    expect(line).to_have_accessible_name(f"Zoom to Hα, at {HA * 1.06:.0f} Å")
    assert all(old != path.get_attribute("d") for old, path in zip(first, paths.all(), strict=True))
    line.click()
    settled(page, "plot.layout.xaxis.range[1] - plot.layout.xaxis.range[0] < 200")
    shown = view(page)["x"]
    assert sum(shown) / 2 == pytest.approx(HA * 1.06, abs=0.1)
    line.press("Enter")  # once more leads back
    settled(page, "plot.layout.xaxis.range[1] - plot.layout.xaxis.range[0] > 200")
    assert view(page)["x"] == pytest.approx(whole)


def test_sulphur_and_nitrogen_are_drawn_as_both_lines(visitor: Callable[..., Visitor]) -> None:
    """Complaint 7: [S II] means both."""
    lines = view(open_galaxy(visitor()))["lines"]
    assert {"sii_6718", "sii_6733", "nii_6550", "nii_6585"} <= set(lines)


def test_a_bad_spectrum_is_shown_with_its_warning(visitor: Callable[..., Visitor]) -> None:
    """Complaint 6: the reader's warning stands above the figure, which is drawn, its masks in words."""
    guest = visitor()
    guest.open("/spectra/?warned=true")
    guest.page.locator("tbody td.name a").first.click()
    guest.page.locator("[data-spectrum] .main-svg").first.wait_for()
    expect(guest.page.get_by_text("The reader warns:")).to_be_visible()
    expect(guest.page.locator("[data-masked]")).to_contain_text("no inverse variance")
    assert [name for name, *_ in view(guest.page)["bands"]].count("mask") > 0


def test_aladin_is_asked_for_only_by_choice(
    visitor: Callable[..., Visitor],
) -> None:
    guest = visitor()
    page = open_galaxy(guest)
    assert guest.complaints == []
    page.route("https://aladin.cds.unistra.fr/**", lambda route: route.abort())
    page.get_by_role("link", name="Show the sky here").click()
    expect(page.frame_locator("iframe.sky").get_by_text("could not be loaded")).to_be_visible()
    asked = [said for said in guest.complaints if said.startswith("asks another host")]
    assert len(asked) == 1
    assert "https://aladin.cds.unistra.fr/AladinLite/" in asked[0]
    assert [said for said in guest.complaints if said not in asked and "ERR_FAILED" not in said] == []
    guest.complaints.clear()  # the reader asked for it


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_page_with_its_menus_open(visitor: Callable[..., Visitor], width: int, scheme: str) -> None:
    guest = visitor(width, scheme)
    page = open_galaxy(guest)
    page.locator("[data-insets] .flux").first.wait_for()
    page.get_by_text("Drawn over it", exact=True).click()
    page.get_by_text("Get this in Python", exact=True).click()
    inspect(guest)
