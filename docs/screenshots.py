"""Take the README's pictures from a portal that runs: ``.venv/bin/python docs/screenshots.py [ADDRESS]``."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

IMAGES = Path(__file__).parent / "images"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]


def main(address: str) -> None:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        page = visit(browser, 1280, 800)
        page.goto(f"{address}/", wait_until="networkidle")
        page.screenshot(path=IMAGES / "home.png")
        page.goto(f"{address}/galaxies/?sort=z_our", wait_until="networkidle")
        page.screenshot(path=IMAGES / "galaxies.png")
        page.goto(f"{address}/runs/", wait_until="networkidle")
        page.locator("#content tbody a").first.click()
        page.wait_for_load_state("networkidle")
        page.screenshot(path=IMAGES / "run.png")
        bpt(page, address)
        spectrum(page, address, "spectrum.png")
        spectrum(visit(browser, 390, 800, "dark"), address, "phone.png")
        browser.close()


def visit(browser: Browser, width: int, height: int, scheme: str = "light") -> Page:
    return browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme).new_page()


def bpt(page: Page, address: str) -> None:
    page.goto(f"{address}/bpt/", wait_until="networkidle")
    take_figure(page, "bpt.png")


def spectrum(page: Page, address: str, name: str) -> None:
    """A star-forming galaxy with strong lines, its figure in view."""
    chosen = "bpt_class=star-forming&snr_min_min=5&z_cl_max=0.2"
    page.goto(f"{address}/galaxies/?{chosen}", wait_until="networkidle")
    page.locator("tbody a").first.click()
    take_figure(page, name)


def take_figure(page: Page, name: str) -> None:
    page.locator(".js-plotly-plot .main-svg").first.wait_for()
    page.wait_for_load_state("networkidle")
    page.evaluate("document.querySelector('figure').scrollIntoView({block: 'center'})")
    page.screenshot(path=IMAGES / name)


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/") if len(sys.argv) > 1 else "http://127.0.0.1:8000")
