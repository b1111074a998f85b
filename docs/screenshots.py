"""Take the pictures of README and user guide: ``.venv/bin/python docs/screenshots.py [ADDRESS [PASSWORD]]``.

ADDRESS is a portal that runs with the demonstration; the operators' pages are left out without the password
of its account "admin". Names after that take only those: ``... PASSWORD runs run``.
"""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

IMAGES = Path(__file__).parent / "images"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
WIDTH, HEIGHT, PHONE = 1100, 760, 390
COLOURS = 96  # of a picture's palette: with fewer, marks lose their own colours; a page stays near 100 KB
GOOD = "bpt_class=star-forming&snr_min_min=5&z_cl_max=0.2"
"""Galaxies with strong lines."""


def first_row(page: Page) -> None:
    page.locator("#content tbody a").first.click()
    page.wait_for_load_state("networkidle")


def first_catalogue(page: Page) -> None:
    page.locator("#content a[href^='/catalogues/1/']").first.click()
    page.wait_for_load_state("networkidle")


def drawn(page: Page) -> None:
    page.locator(".js-plotly-plot .main-svg").first.wait_for()
    page.wait_for_load_state("networkidle")


def figure_in_view(page: Page) -> None:
    drawn(page)
    page.evaluate("document.querySelector('#content figure')?.scrollIntoView({block: 'center'})")


def spectrum(page: Page) -> None:
    first_row(page)
    figure_in_view(page)


def kin(page: Page) -> None:
    """Of the same galaxy as the picture of a spectrum."""
    first_row(page)
    page.get_by_role("main").get_by_role("link", name="Find kin").click()
    drawn(page)


def configurations(page: Page) -> None:
    """The demonstration's run is the oldest."""
    page.locator("#content tbody tr").last.locator("a").first.click()
    page.locator("#configurations").scroll_into_view_if_needed()
    page.locator(".js-plotly-plot .main-svg").first.wait_for()
    page.evaluate("document.querySelector('#configurations').scrollIntoView()")
    page.wait_for_load_state("networkidle")


def filters_in_view(page: Page) -> None:
    page.wait_for_load_state("networkidle")
    page.get_by_text("More filters", exact=False).first.evaluate("it => it.scrollIntoView({block: 'center'})")


def as_it_opens(page: Page) -> None:
    page.wait_for_load_state("networkidle")


PICTURES: dict[str, tuple[str, Callable[[Page], None]]] = {
    "home": ("/", as_it_opens),
    "galaxies": ("/galaxies/?sort=z_our", as_it_opens),
    "nebulae": ("/nebulae/", as_it_opens),
    "unclear": ("/unclear/", as_it_opens),
    "regions": ("/regions/?has_spectra=true", as_it_opens),
    "region": ("/regions/?has_spectra=true", first_row),
    "candidates": ("/candidates/?sort=-snr_r", as_it_opens),
    "spectra": ("/spectra/", as_it_opens),
    "spectrum": (f"/galaxies/?{GOOD}", spectrum),
    "kin": (f"/galaxies/?{GOOD}", kin),
    "populations": ("/populations/", drawn),
    "lookups": ("/lookups/", as_it_opens),
    "figures": ("/figures/", as_it_opens),
    "figure": ("/figures/redshift/", figure_in_view),
    "bpt": ("/bpt/", figure_in_view),
    "pipeline": ("/pipeline/", as_it_opens),
    "how-it-works": ("/how-it-works/", as_it_opens),
    "inspection": ("/inspection/", as_it_opens),
    "catalogues": ("/catalogues/", as_it_opens),
    "catalogue": ("/catalogues/", first_catalogue),
    "refusals": ("/refusals/", as_it_opens),
    "runs": ("/runs/", as_it_opens),
    "run": ("/runs/", configurations),
    "compare": ("/runs/compare/", as_it_opens),
}
OPERATORS = {
    "inspect": ("/inspect/", as_it_opens),
    "launch": ("/admin/tasks/job/launch/?like=1", filters_in_view),
}


def main(address: str, password: str = "", *names: str) -> None:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        page = visit(browser, WIDTH, HEIGHT)
        take(page, address, PICTURES, names)
        if password:
            page.goto(f"{address}/admin/login/?next=/runs/")
            page.get_by_label("Username").fill("admin")
            page.get_by_label("Password").fill(password)
            page.get_by_role("button", name="Log in").click()
            page.wait_for_url(f"{address}/runs/")
            take(page, address, OPERATORS, names)
        take(visit(browser, PHONE, HEIGHT, "dark"), address, {"phone": PICTURES["spectrum"]}, names)
        browser.close()


def visit(browser: Browser, width: int, height: int, scheme: str = "light") -> Page:
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    context.set_default_timeout(120_000)
    return context.new_page()


def take(
    page: Page,
    address: str,
    pictures: dict[str, tuple[str, Callable[[Page], None]]],
    names: tuple[str, ...],
) -> None:
    """Each picture as a PNG with a palette of its own colours."""
    for name, (path, arrive) in pictures.items():
        if names and name not in names:
            continue
        page.goto(f"{address}{path}")
        arrive(page)
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        picture.quantize(COLOURS, dither=Image.Dither.NONE).save(IMAGES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    address, *more = sys.argv[1:] or ["http://127.0.0.1:8000"]
    main(address.rstrip("/"), *more)
