"""Find kin as a seeker does: send a file, read what it is, change the choices; or start from a page."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from retrieval.lines import LINE

from .conftest import Visitor
from .test_pages import inspect

WAITING = 60_000
HA = LINE["ha"].wavelength


def name_of_a_query(visitor: Visitor) -> str:
    visitor.open("/candidates/")
    return visitor.page.locator("tbody a").first.inner_text().strip()


FOLLOW = """() => {
    const said = [];
    const place = document.querySelector("[data-kin-said]");
    new MutationObserver(() => said.push(place.textContent)).observe(place, { childList: true });
    return said;
}"""
"""What the page says while it uploads and searches, one after another."""
DROP = """([name, content]) => {
    const carried = new DataTransfer();
    carried.items.add(new File([Uint8Array.from(atob(content), (c) => c.charCodeAt(0))], name));
    return carried;
}"""


def drop(visitor: Visitor, file: Path) -> None:
    """Let a file fall on the field, as from a file manager."""
    content = base64.b64encode(file.read_bytes()).decode()
    carried = visitor.page.evaluate_handle(DROP, [file.name, content])
    place = visitor.page.locator("[data-drop]")
    place.dispatch_event("dragover", {"dataTransfer": carried})
    assert "over" in str(place.get_attribute("class")).split()
    place.dispatch_event("drop", {"dataTransfer": carried})
    assert "over" not in str(place.get_attribute("class")).split()
    assert visitor.page.get_by_label("File", exact=True).evaluate("box => box.files[0].name") == file.name


def drawn(visitor: Visitor) -> None:
    visitor.page.locator("[data-spectrum] .main-svg").first.wait_for(timeout=WAITING)


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_a_seeker_sends_a_spectrum(
    visitor: Callable[..., Visitor], tmp_path: Path, width: int, scheme: str
) -> None:
    seeker = visitor(width=width, scheme=scheme)
    name = name_of_a_query(seeker)
    raw = seeker.page.request.get(f"{seeker.portal.url}/spectra/{quote(name)}/file")
    mine = tmp_path / "mine.fits"
    mine.write_bytes(raw.body())

    seeker.open("/kin/")
    inspect(seeker)
    page = seeker.page
    page.get_by_label("Position").fill("nowhere")
    if width > 1000:
        drop(seeker, mine)
    else:
        page.get_by_label("File", exact=True).set_input_files(mine)
    page.get_by_role("button", name="Find kin", exact=True).click()
    page.get_by_text("is not a position").first.wait_for(timeout=WAITING)
    seeker.complaints[:] = [said for said in seeker.complaints if "status of 400" not in said]
    assert page.get_by_label("Position").input_value() == "nowhere"
    inspect(seeker)

    page.get_by_label("Position").fill("10.6847 41.2690")  # the file is still chosen
    told = page.evaluate_handle(FOLLOW)
    page.get_by_role("button", name="Find kin", exact=True).click()
    drawn(seeker)
    said = told.json_value()
    assert said[0].startswith("Uploading")
    assert "Uploading, 100 %" in said
    assert said[-1] == "Searching …"
    assert page.evaluate("document.activeElement.tagName") == "H1"
    assert "Kin of mine" in page.title()
    assert page.get_by_text("on the disc of M31").count()
    assert page.locator("#kin ~ .scroll tbody tr").first.locator("td").first.inner_text() == "1"
    inspect(seeker)

    before = page.evaluate("document.querySelector('[data-spectrum]').data.length")
    page.locator("[data-kin-draw]").nth(1).check()
    page.wait_for_function(f"document.querySelector('[data-spectrum]').data.length > {before}")
    page.get_by_text("Drawn over it", exact=True).click()
    page.locator("[name=overlay]").nth(1).uncheck()  # the same choice as in the table
    page.wait_for_function(f"document.querySelector('[data-spectrum]').data.length === {before}")
    expect(page.locator("[data-kin-draw]").nth(1)).not_to_be_checked()
    page.get_by_text("Drawn over it", exact=True).click()

    slider = page.get_by_label("Redshift", exact=True)
    z = float(page.locator("#z").input_value())
    slider.press("PageUp")
    expect(page.locator("#z")).to_have_value(f"{z + 0.01:.6f}")
    expect(page.locator(f'td[data-rest="{HA}"]')).to_have_text(f"{HA * (1.01 + z):.2f}")
    expect(page.get_by_role("button", name="Zoom to Hα")).to_have_accessible_name(
        f"Zoom to Hα, at {HA * (1.01 + z):.0f} Å"
    )
    page.get_by_role("button", name="Back to").click()
    shares = page.locator("[data-shares]")
    shares.scroll_into_view_if_needed()
    shares.locator(".main-svg").first.wait_for()
    words = shares.locator("[data-said]")
    expect(words).to_contain_text("The largest shares")
    nearest = words.inner_text()
    shares.locator("select").select_option(index=1)
    expect(words).not_to_have_text(nearest)
    expect(words).to_contain_text("The largest shares")
    page.get_by_label("Show", exact=True).fill("3")
    page.get_by_role("button", name="Search again").click()
    page.wait_for_load_state("networkidle")
    assert page.locator("[data-kin-draw]").count() == 3
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV", exact=True).click()
    assert download.value.path().read_text().startswith("rank,")

    page.get_by_role("button", name="Keep this").click()
    page.get_by_text("Kept until").first.wait_for(timeout=WAITING)
    drawn(seeker)
    inspect(seeker)
    page.get_by_role("button", name="Delete it now").click()
    page.get_by_text("nothing of this spectrum is kept").wait_for(timeout=WAITING)


def test_a_seeker_without_scripts(visitor: Callable[..., Visitor], tmp_path: Path) -> None:
    seeker = visitor(scripts=False)
    mine = tmp_path / "mine.csv"
    rows = "\n".join(f"{3900 + 2 * n},{10 + n % 7}" for n in range(2500))
    mine.write_text(f"wave_vac (Angstrom),flux\n{rows}\n")
    page = seeker.page
    page.goto(f"{seeker.portal.url}/kin/")
    page.get_by_label("File", exact=True).set_input_files(mine)
    page.get_by_label("Kin to show").fill("4")
    page.get_by_role("button", name="Find kin", exact=True).click()
    page.get_by_role("heading", name="Kin of mine").wait_for(timeout=WAITING)
    assert page.locator("#kin ~ .scroll").first.locator("tbody tr").count() == 4


def test_a_reader_goes_from_a_spectrum_to_its_kin(visitor: Callable[..., Visitor]) -> None:
    reader = visitor()
    name = name_of_a_query(reader)
    reader.open(f"/spectra/{quote(name)}/")
    reader.page.get_by_role("main").get_by_role("link", name="Find kin").click()
    drawn(reader)
    assert f"Kin of {name}" in reader.page.title()
    address = reader.page.url.removeprefix(reader.portal.url)
    words = reader.page.locator(".kin-summary").inner_text()
    reader.open(address)
    assert reader.page.locator(".kin-summary").inner_text() == words
