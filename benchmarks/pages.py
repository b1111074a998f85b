"""Pages over many entries: the server's time, the weight, and the time until one can work with them.

    python -m benchmarks.pages [ENTRIES] [--repeats N]

Serves a scratch portal as ``make run`` does (gunicorn, PostgreSQL of its own) with ENTRIES candidates
(100,000), each of a spectrum of its own, and asks one page after another. Each line is one JSON object:

- ``page``: median and 95th percentile of the server's time (ms) from the request to the last byte, their
  ratio to those of a style sheet of the same server asked for in turn with it, and the page's own size.
- ``weight``: all that Chromium fetches to show a page, gzipped one by one (KB), without Plotly and with it.
- ``interactive``: from the navigation until the first figure is drawn, in Chromium with an empty cache (ms).

The last line states the machine.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import platform
import re
import shutil
import statistics
import sys
import time
from http.client import HTTPConnection
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Response, sync_playwright

from .portal import Served, portal

PEER = "/static/css/site.css"
PAGES = {
    "home": "/",
    "galaxies": "/galaxies/",
    "galaxies filtered": "/galaxies/?z_cl_min=0.05&bpt_class=star-forming&sort=-z_our",
    "nebulae": "/nebulae/",
    "unclear": "/unclear/",
    "regions": "/regions/",
    "candidates": "/candidates/",
    "candidates by S/N": "/candidates/?sort=-snr_r",
    "candidates by name": "/candidates/?name=sp01-0",
    "candidates, cone": "/candidates/?position=150+2&radius=2+deg",
    "spectra": "/spectra/",
    "spectra filtered": "/spectra/?role=unknown&snr_r_min=5",
    "lookups": "/lookups/",
    "figures": "/figures/",
    "bpt": "/bpt/",
    "bpt drawn": "/figures/bpt/figure.json",
    "redshift": "/figures/redshift/",
    "pipeline": "/pipeline/",
    "inspection": "/inspection/",
    "inspected": "/inspected/",
    "runs": "/runs/",
    "run": "/runs/1/",
    "catalogues": "/catalogues/",
}
SPECTRUM, INSPECT = "spectrum", "inspect"
WEIGHED = ("galaxies", "candidates", "spectra", SPECTRUM)
DRAWN = """
    new MutationObserver((_, observer) => {
        if (!document.querySelector(".js-plotly-plot .main-svg")) return;
        observer.disconnect();
        requestAnimationFrame(() => requestAnimationFrame(() => { window.drawnAt = performance.now(); }));
    }).observe(document, { childList: true, subtree: true });
"""


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("entries", nargs="?", type=int, default=100_000)
    asked.add_argument("--repeats", type=int, default=40)
    options = asked.parse_args()
    with portal(options.entries) as served:
        pages = PAGES | {SPECTRUM: _a_spectrum(served)}
        for name, path in pages.items():
            print(json.dumps({"page": name} | _timed(served, path, options.repeats)), flush=True)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
                args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
            )
            for name in WEIGHED:
                print(json.dumps({"weight": name} | _weighed(browser, served.url + pages[name])), flush=True)
            for name, path in ((SPECTRUM, pages[SPECTRUM]), (INSPECT, "/inspect/")):
                times = [_interactive(browser, served, path, log_in=name == INSPECT) for _ in range(7)]
                print(
                    json.dumps(
                        {"interactive": name, "p50_ms": statistics.median(times), "worst_ms": max(times)}
                    ),
                    flush=True,
                )
            browser.close()
    print(json.dumps({"machine": machine(), "entries": options.entries, "repeats": options.repeats}))


def _get(connection: HTTPConnection, path: str) -> tuple[float, bytes]:
    """Milliseconds to the last byte, and the body."""
    began = time.perf_counter()
    connection.request("GET", path)
    response = connection.getresponse()
    body = response.read()
    took = 1000 * (time.perf_counter() - began)
    if response.status != 200:
        raise RuntimeError(f"{path} answered {response.status}")
    return took, body


def _timed(served: Served, path: str, repeats: int) -> dict[str, float]:
    connection = HTTPConnection(urlsplit(served.url).netloc, timeout=120)
    for _ in range(3):
        _, body = _get(connection, path)
    own, peer = [], []
    for _ in range(repeats):
        own.append(_get(connection, path)[0])
        peer.append(_get(connection, PEER)[0])
    connection.close()
    p50, p95 = quantiles(own)
    peer_p50, peer_p95 = quantiles(peer)
    return {
        "p50_ms": p50,
        "p95_ms": p95,
        "p50_over_peer": round(p50 / peer_p50, 1),
        "p95_over_peer": round(p95 / peer_p95, 1),
        "kilobytes": round(len(body) / 1000, 1),
        "gzipped_kilobytes": round(len(gzip.compress(body, 6)) / 1000, 1),
    }


def quantiles(times: list[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(times, n=20, method="inclusive")
    return round(cuts[9], 1), round(cuts[18], 1)


def _a_spectrum(served: Served) -> str:
    """A galaxy with a file: the simulated originals come first by name, the copies have none."""
    connection = HTTPConnection(urlsplit(served.url).netloc, timeout=120)
    _, body = _get(connection, "/galaxies/?sort=file_LAMOST")
    found = re.search(rb'href="(/spectra/spec-[^"]+_sp\d+-\d+/[^"]*)"', body)
    if found is None:
        raise RuntimeError("no galaxy with a file is listed")
    return found[1].decode().replace("&amp;", "&")


def _weighed(browser: Browser, url: str) -> dict[str, float]:
    page = browser.new_page()
    answers: list[Response] = []
    page.on("response", answers.append)
    page.goto(url, wait_until="networkidle")
    sizes = {answer.url: len(gzip.compress(answer.body(), 6)) / 1000 for answer in answers if answer.ok}
    page.close()
    plotly = sum(size for address, size in sizes.items() if "/vendor/plotly" in address)
    whole = sum(sizes.values())
    return {"without_plotly_kb": round(whole - plotly, 1), "plotly_kb": round(plotly, 1), "files": len(sizes)}


def _interactive(browser: Browser, served: Served, path: str, *, log_in: bool) -> float:
    context = browser.new_context()
    page = context.new_page()
    if log_in:
        _log_in(page, served)
    page.add_init_script(DRAWN)
    page.goto(served.url + path)
    page.wait_for_function("window.drawnAt", timeout=60_000)
    took = round(float(page.evaluate("window.drawnAt")), 0)
    context.close()
    return took


def _log_in(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/admin/login/?next=/runs/")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(served.password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/runs/")


def machine() -> str:
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, load {load:.1f}, Python {platform.python_version()}"
    )


if __name__ == "__main__":
    sys.exit(main())
