"""Pages over many entries: the server's time, the weight, and the time until one can work with them.

    python -m benchmarks.pages [ENTRIES] [--repeats N] [--only PART ...] [--kept FOLDER]

Serves a scratch portal as ``make run`` does (gunicorn, PostgreSQL of its own) with ENTRIES candidates
(100,000), each of a spectrum of its own, and asks one page after another. Each line is one JSON object:

- ``page``: median and 95th percentile of the server's time (ms) from the request to the last byte, their
  ratio to those of a style sheet of the same server asked for in turn with it, and the page's own size. Of
  downloads (``first_byte``) to the first byte.
- ``inspect``: the same of the requests by which a vote is kept and the next candidate fetched.
- ``weight``: all that Chromium fetches to show a page, gzipped one by one (KB), without Plotly and with it.
- ``interactive``: from the navigation until the first figure is drawn, in Chromium (ms): on a first
  visit, with an empty cache, and on the next.

``--only`` asks for the pages whose names hold one of the words. ``--kept`` keeps the portal's folder: it is
served as it is the next time. The last line states the machine.
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
from collections.abc import Iterator
from http.client import HTTPConnection
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from playwright.sync_api import Browser, BrowserContext, Response, sync_playwright

from tests.served import Served

from .portal import portal

PEER = "/static/css/site.css"
PAGES = {
    "home": "/",
    "galaxies": "/galaxies/",
    "galaxies filtered": "/galaxies/?z_cl_min=0.05&bpt_class=star-forming&sort=-z_our",
    "galaxies, new": "/galaxies/?novelty=new",
    "galaxies, all columns": "/galaxies/?columns=all",
    "nebulae": "/nebulae/",
    "unclear": "/unclear/",
    "regions": "/regions/",
    "candidates": "/candidates/",
    "candidates by S/N": "/candidates/?sort=-snr_r",
    "candidates by name": "/candidates/?name=sp01-0",
    "candidates, cone": "/candidates/?position=150+2&radius=2+deg",
    "candidates, none": "/candidates/?snr_r_min=1e6&z_cl_min=0.1",
    "spectra": "/spectra/",
    "spectra filtered": "/spectra/?role=unknown&snr_r_min=5",
    "lookups": "/lookups/",
    "figures": "/figures/",
    "bpt": "/bpt/",
    "redshift": "/figures/redshift/",
    "redshifts compared": "/figures/redshift-compared/",
    "pipeline": "/pipeline/",
    "populations": "/populations/",
    "populations, box": "/populations/?of=candidates&x=z_CL&y=snr_r&x_min=0.05&x_max=0.1",
    "inspection": "/inspection/",
    "inspected": "/inspected/",
    "votes": "/votes/",
    "runs": "/runs/",
    "run": "/runs/2/",
    "runs compared": "/runs/compare/",
    "catalogues": "/catalogues/",
    "kin": "/kin/",
}
PARTS = {
    "facets of galaxies": "/facets/galaxies.json",
    "facets of galaxies, filtered": "/facets/galaxies.json?z_cl_min=0.05&bpt_class=star-forming",
    "facets of spectra": "/facets/spectra.json",
    "points of populations": "/populations/plot.json?of=galaxies",
    "density of populations": "/populations/plot.json?of=candidates&x=z_CL&y=snr_r",
    "templates of two runs": "/runs/compare/templates/",
    "rows under a box": "/populations/selection/?of=candidates&x=z_CL&y=snr_r&x_min=0.05&x_max=0.1",
}
"""What scripts of the pages fetch once these are shown."""
DOWNLOADS = {
    "galaxies as CSV": "/galaxies/download.csv",
    "candidates as FITS": "/candidates/download.fits",
}
SPECTRUM, THROUGH, INSPECT = "spectrum", "spectrum in a list", "inspect"
WEIGHED = ("home", "galaxies", "nebulae", "candidates", "spectra", "inspected", "populations", SPECTRUM)
DRAWN = """
    new MutationObserver((_, observer) => {
        if (!document.querySelector(".js-plotly-plot .main-svg")) return;
        observer.disconnect();
        requestAnimationFrame(() => requestAnimationFrame(() => { window.drawnAt = performance.now(); }));
    }).observe(document, { childList: true, subtree: true });
"""
WHEN_DRAWN = """() => new Promise((done) => {
    const look = () => (window.drawnAt ? done(window.drawnAt) : requestAnimationFrame(look));
    look();
})"""
"""Not by wait_for_function, which the pages' Content-Security-Policy forbids."""
PATIENCE = 60
"""Seconds after which a page counts as having no answer."""


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("entries", nargs="?", type=int, default=100_000)
    asked.add_argument("--repeats", type=int, default=40)
    asked.add_argument("--only", nargs="+", default=[""])
    asked.add_argument("--kept", type=Path)
    options = asked.parse_args()

    def wanted(name: str) -> bool:
        return any(word in name for word in options.only)

    with portal(options.entries, options.kept) as served:
        a_spectrum = _a_spectrum(served)
        pages = PAGES | {
            SPECTRUM: a_spectrum,
            THROUGH: f"{a_spectrum}&in=galaxies%3Fbpt_class%3Dstar-forming",
        }
        for name, path in (pages | PARTS | DOWNLOADS).items():
            if wanted(name):
                found = _timed(served, path, options.repeats, whole=name not in DOWNLOADS)
                _say({"page": name} | found)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
                args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
            )
            for name in filter(wanted, WEIGHED):
                _say({"weight": name} | _weighed(browser, served.url + pages[name]))
            for name, path in ((SPECTRUM, pages[SPECTRUM]), (INSPECT, "/inspect/")):
                if wanted(name):
                    visits = [_interactive(browser, served, path, log_in=name == INSPECT) for _ in range(7)]
                    for cache, times in zip(("empty", "full"), zip(*visits, strict=True), strict=True):
                        found = {"p50_ms": statistics.median(times), "worst_ms": max(times)}
                        _say({"interactive": name, "cache": cache} | found)
            if wanted(INSPECT):
                for step, found in _inspected(browser, served, options.repeats):
                    _say({"inspect": step} | found)
            browser.close()
    _say({"machine": machine(), "entries": options.entries, "repeats": options.repeats})


def _say(found: dict[str, Any]) -> None:
    sys.stdout.write(f"{json.dumps(found)}\n")
    sys.stdout.flush()


def _get(connection: HTTPConnection, path: str, *, whole: bool = True) -> tuple[float, bytes]:
    """Milliseconds to the last byte, and the body; only to the first of it unless it is to come ``whole``."""
    began = time.perf_counter()
    connection.request("GET", path)
    response = connection.getresponse()
    body = response.read() if whole else response.read(1)
    took = 1000 * (time.perf_counter() - began)
    if not whole:
        connection.close()
    if response.status != 200:
        raise RuntimeError(f"{path} answered {response.status}")
    return took, body


def _connected(served: Served) -> HTTPConnection:
    return HTTPConnection(urlsplit(served.url).netloc, timeout=PATIENCE)


def _timed(served: Served, path: str, repeats: int, *, whole: bool) -> dict[str, Any]:
    """One page and its peer in turn; what went wrong where it has no answer in time."""
    connection = _connected(served)
    own, peer = [], []
    try:
        for _ in range(3):
            _, body = _get(connection, path, whole=whole)
        for _ in range(repeats):
            own.append(_get(connection, path, whole=whole)[0])
            peer.append(_get(connection, PEER)[0])
    except (OSError, RuntimeError) as error:
        return {"failed": str(error) or type(error).__name__}
    finally:
        connection.close()
    (p50, p95), (peer_p50, peer_p95) = quantiles(own), quantiles(peer)
    found: dict[str, Any] = {
        "p50_ms": p50,
        "p95_ms": p95,
        "p50_over_peer": round(p50 / peer_p50, 1),
        "p95_over_peer": round(p95 / peer_p95, 1),
    }
    if not whole:
        return found | {"first_byte": True}
    kilobytes = {"kilobytes": body, "gzipped_kilobytes": gzip.compress(body, 6)}
    return found | {name: round(len(data) / 1000, 1) for name, data in kilobytes.items()}


def quantiles(times: list[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(times, n=20, method="inclusive")
    return round(cuts[9], 1), round(cuts[18], 1)


def _a_spectrum(served: Served) -> str:
    """A galaxy in the midst of the list."""
    body = _get(_connected(served), "/galaxies/?z_cl_min=0.05&bpt_class=star-forming")[1]
    found = re.search(rb'href="(/spectra/[^"?]+\?release=[^"&]+)', body)
    if found is None:
        raise RuntimeError("no galaxy is listed")
    return found[1].decode()


def _weighed(browser: Browser, url: str) -> dict[str, float]:
    page = browser.new_page()
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(url, wait_until="networkidle", timeout=1000 * PATIENCE)
    sizes = {answer.url: len(gzip.compress(answer.body(), 6)) / 1000 for answer in answers if answer.ok}
    page.close()
    plotly = sum(size for address, size in sizes.items() if "/vendor/plotly" in address)
    whole = sum(sizes.values())
    return {"without_plotly_kb": round(whole - plotly, 1), "plotly_kb": round(plotly, 1), "files": len(sizes)}


def _interactive(browser: Browser, served: Served, path: str, *, log_in: bool) -> tuple[float, float]:
    """Of a first visit, and of one after it, which finds scripts and styles in the browser's cache."""
    context = _logged_in(browser, served) if log_in else browser.new_context()
    context.add_init_script(DRAWN)
    took = []
    for _ in range(2):
        page = context.new_page()
        page.goto(served.url + path)
        took.append(round(float(page.evaluate(WHEN_DRAWN)), 0))
        page.close()
    context.close()
    return took[0], took[1]


def _logged_in(browser: Browser, served: Served) -> BrowserContext:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{served.url}/admin/login/?next=/runs/")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(served.password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/runs/")
    page.close()
    return context


def _inspected(browser: Browser, served: Served, repeats: int) -> Iterator[tuple[str, dict[str, float]]]:
    """Vote after vote as the page sends them, and what each request took."""
    context = _logged_in(browser, served)
    page = context.new_page()
    page.goto(f"{served.url}/inspect/")
    desk = json.loads(page.locator("#desk").text_content() or "")
    cookies = {str(cookie["name"]): str(cookie["value"]) for cookie in context.cookies()}
    headers = {
        "Content-Type": "application/json",
        "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        "X-CSRFToken": cookies["csrftoken"],
    }
    context.close()
    connection = _connected(served)
    times: dict[str, list[float]] = {"vote": [], "next candidate": []}

    def post(address: str, **said: Any) -> tuple[float, dict[str, Any]]:
        began = time.perf_counter()
        connection.request("POST", address, json.dumps({"user": desk["user"], **said}), headers)
        response = connection.getresponse()
        body = response.read()
        took = 1000 * (time.perf_counter() - began)
        if response.status != 200:
            raise RuntimeError(f"{address} answered {response.status}: {body[:300]!r}")
        return took, json.loads(body)

    _, held = post(desk["queue"], run=desk["run"])
    for _, verdict in zip(range(repeats), cycle(("keep", "reject")), strict=False):
        voted, *rest = held["order"]
        took, _ = post(desk["answer"], candidate=voted, client_id=str(uuid4()), verdict=verdict)
        times["vote"].append(took)
        took, held = post(desk["queue"], run=desk["run"], first=rest[0], have=rest)
        times["next candidate"].append(took)
    connection.close()
    for step, took_each in times.items():
        yield step, dict(zip(("p50_ms", "p95_ms"), quantiles(took_each), strict=True))


def machine() -> str:
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, load {load:.1f}, Python {platform.python_version()}"
    )


if __name__ == "__main__":
    sys.exit(main())
