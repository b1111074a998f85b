"""What a reader waits for in the browser: script apart from drawing, in Chromium, on a portal that runs.

    python -m benchmarks.viewing ADDRESS PASSWORD [--repeats N] [--pages spectrum inspect populations]

The portal holds a run with candidates, and an account "admin" with that password that may vote (its votes are
kept). Each line is one JSON object, in milliseconds, medians of N (7) where nothing else is said. ``cpu`` is
the time that the page's main thread worked, by its own clock: other programs do not change it much.

- ``spectrum``: from the navigation, cache empty, until the figure is drawn; requests, and kilobytes as sent.
- ``inspect``: from the key of a vote until the next candidate, drawn ahead, is painted (event timing, to
  8 ms); the work until it is handed to the compositor, of that the script; and all work of the two seconds
  after the key, mostly drawing the one after it out of sight.
- ``populations``, once: until the points are drawn; frames a second while the plot is moved for two seconds;
  a selection by range, from the key until its points are marked. Here a sampling profiler says whose
  functions ran: ``ours`` of static/js, ``plotly`` of the drawing library with its calls of WebGL,
  ``browser`` all else of the page's thread, per frame and per selection.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--enable-unsafe-swiftshader"]
DRAWN = """
    new MutationObserver((_, observer) => {
        if (!document.querySelector(".js-plotly-plot .main-svg")) return;
        observer.disconnect();
        requestAnimationFrame(() => requestAnimationFrame(() => {
            window.drawnAt = performance.now();
            performance.mark("drawn");
        }));
    }).observe(document, { childList: true, subtree: true });
"""
LISTEN = """() => {
    window.pressed = [];
    new PerformanceObserver((list) => window.pressed.push(
        ...list.getEntries().filter(({ name }) => name === "keydown").map(({ duration }) => duration)))
        .observe({ type: "event", durationThreshold: 16 });
}"""
CATEGORIES = [
    "devtools.timeline",
    "disabled-by-default-devtools.timeline",
    "v8",
    "toplevel",
    "blink.user_timing",
]
TASKS = ("ThreadControllerImpl::RunTask",)
SCRIPTS = ("v8.callFunction", "FunctionCall", "EventDispatch")
MOVED = """async () => {
    const plot = document.querySelector("[data-drawing]"), area = plot.querySelector(".nsewdrag");
    const box = area.getBoundingClientRect(), y = box.y + box.height / 2, from = box.x + box.width / 2;
    const fire = (kind, target, clientX) => target.dispatchEvent(
        new MouseEvent(kind, { bubbles: true, clientX, clientY: y, buttons: 1, view: window }));
    fire("mousedown", area, from);
    let frames = 0;
    const begun = performance.now();
    while (performance.now() - begun < 2000) {
        fire("mousemove", document, from + 200 * Math.sin(frames / 10));
        await new Promise(requestAnimationFrame);
        frames += 1;
    }
    const took = performance.now() - begun;
    fire("mouseup", document, from);
    return { frames, took };
}"""

POINTS = """document.querySelector("[data-drawing]").data.reduce(
    (n, { customdata }) => n + (customdata?.length ?? 0), 0)"""
MARKED = "Boolean(document.querySelector('.marks').dataset.chosen)"


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("address")
    asked.add_argument("password")
    asked.add_argument("--repeats", type=int, default=7)
    asked.add_argument("--pages", nargs="+", choices=PAGES, default=list(PAGES))
    options = asked.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"), args=FLAGS
        )
        for name in options.pages:
            print(json.dumps({"page": name} | PAGES[name](browser, options)), flush=True)
        browser.close()
    print(json.dumps({"cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1)}))


def _medians(found: list[dict[str, float]]) -> dict[str, float]:
    return {name: round(statistics.median(one[name] for one in found), 1) for name in found[0]}


@contextmanager
def _traced(session: CDPSession, page: Page) -> Iterator[list[dict[str, Any]]]:
    """The browser's events while the body runs; the list is filled at its end."""
    events: list[dict[str, Any]] = []
    ended: list[Any] = []
    session.on("Tracing.dataCollected", lambda told: events.extend(told["value"]))
    session.once("Tracing.tracingComplete", lambda told: ended.append(told))
    session.send(
        "Tracing.start",
        {"transferMode": "ReportEvents", "traceConfig": {"includedCategories": CATEGORIES}},
    )
    yield events
    session.send("Tracing.end")
    while not ended:
        page.wait_for_timeout(20)


def _cpu(events: list[dict[str, Any]], names: tuple[str, ...], first: float, last: float) -> float:
    """Milliseconds that a thread worked in events of these names that began in a time, nested ones once."""
    found = sorted(
        (event["ts"], event["ts"] + event["dur"], event.get("tdur", 0))
        for event in events
        if event["ph"] == "X" and event["name"] in names and first <= event["ts"] <= last
    )
    total, end = 0.0, 0.0
    for start, stop, worked in found:
        if start >= end:
            total, end = total + worked, stop
    return total / 1000


@contextmanager
def _profiled(session: CDPSession, spent: dict[str, float], prefix: str = "") -> Iterator[None]:
    """Adds to ``spent`` the milliseconds of what is done inside, by whose functions ran."""
    session.send("Profiler.enable")
    session.send("Profiler.setSamplingInterval", {"interval": 200})
    session.send("Profiler.start")
    yield
    profile = session.send("Profiler.stop")["profile"]
    owners = {node["id"]: _owner(node["callFrame"]) for node in profile["nodes"]}
    sums: dict[str, float] = defaultdict(float)
    for node, delta in zip(profile["samples"], profile["timeDeltas"], strict=True):
        sums[owners[node]] += delta / 1000
    for owner in ("ours", "plotly", "browser"):
        spent[prefix + owner] = sums[owner]


def _owner(frame: dict[str, Any]) -> str:
    if "/vendor/plotly" in frame["url"]:
        return "plotly"
    if "/static/js/" in frame["url"]:
        return "ours"
    return "idle" if frame["functionName"] in ("(idle)", "(root)") else "browser"


def _until(page: Page, holds: str, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not page.evaluate(holds):
        if time.monotonic() > deadline:
            raise RuntimeError(f"it never came to be that {holds}")
        page.wait_for_timeout(20)


def _spectrum(browser: Browser, options: argparse.Namespace) -> dict[str, float]:
    page = browser.new_page()
    page.goto(f"{options.address}/galaxies/?sort=file_LAMOST")
    href = str(page.locator("tbody td.name a").first.get_attribute("href"))
    page.close()
    found = []
    for _ in range(options.repeats):
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        sent: list[float] = []
        session.on("Network.loadingFinished", lambda told, sent=sent: sent.append(told["encodedDataLength"]))
        page.add_init_script(DRAWN)
        with _traced(session, page) as events:
            page.goto(options.address + href, wait_until="commit")
            _until(page, "Boolean(window.drawnAt)")
            drawn = page.evaluate("window.drawnAt")
        mark = next(event for event in events if event["name"] == "drawn")
        own = [event for event in events if (event["pid"], event["tid"]) == (mark["pid"], mark["tid"])]
        cpu = _cpu(own, TASKS, 0, mark["ts"])
        page.wait_for_load_state("networkidle")
        found.append({"drawn": drawn, "cpu": cpu, "requests": len(sent), "kilobytes": sum(sent) / 1000})
        context.close()
    return _medians(found)


def _inspect(browser: Browser, options: argparse.Namespace) -> dict[str, float]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(f"{options.address}/accounts/login/?next=/inspect/")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(options.password)
    page.get_by_role("button", name="Log in").click()
    page.locator(".side.behind .main-svg").first.wait_for(state="attached")
    session = context.new_cdp_session(page)
    page.evaluate(LISTEN)
    found = []
    for _ in range(options.repeats):
        page.wait_for_timeout(1500)
        name = page.locator("[data-name]").inner_text()
        with _traced(session, page) as events:
            page.keyboard.press("u")
            _until(page, f"document.querySelector('[data-name]').textContent !== {json.dumps(name)}")
            page.wait_for_timeout(2000)
        key = next(event for event in events if _is_key(event))
        own = [event for event in events if (event["pid"], event["tid"]) == (key["pid"], key["tid"])]
        start = key["ts"]
        commit = min(event["ts"] for event in own if event["name"] == "Commit" and event["ts"] > start)
        found.append(
            {
                "painted": page.evaluate("window.pressed.splice(0).at(-1) ?? 0"),
                "cpu": _cpu(own, TASKS, start - 1000, commit),
                "script": _cpu(own, SCRIPTS, start, commit),
                "cpu_with_the_next": _cpu(own, TASKS, start - 1000, start + 2e6),
            }
        )
    context.close()
    return _medians(found)


def _is_key(event: dict[str, Any]) -> bool:
    return event["name"] == "EventDispatch" and event["args"]["data"]["type"] == "keydown"


def _populations(browser: Browser, options: argparse.Namespace) -> dict[str, float]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    session = context.new_cdp_session(page)
    found: dict[str, float] = {}
    begun = time.perf_counter()
    with _profiled(session, found, "drawn_"):
        page.goto(f"{options.address}/populations/?x=z_our&y=mag_g", wait_until="commit")
        _until(page, "Boolean(document.querySelector('[data-drawing]')?.layout)")
    found["drawn"] = 1000 * (time.perf_counter() - begun)
    found["points"] = page.evaluate(POINTS)
    page.get_by_role("button", name="Move", exact=True).click()
    page.wait_for_timeout(500)
    spent: dict[str, float] = {}
    with _profiled(session, spent):
        moved = page.evaluate(MOVED)
    found["frames_per_second"] = 1000 * moved["frames"] / moved["took"]
    found |= {f"frame_{owner}": ms / moved["frames"] for owner, ms in spent.items()}
    page.wait_for_timeout(1000)
    _selected(page, session, found)
    context.close()
    return {name: round(value, 2) for name, value in found.items()}


def _selected(page: Page, session: CDPSession, found: dict[str, float]) -> None:
    """A narrow range of z: few points of many."""
    page.locator("[name=x_min]").fill("0.05")
    page.locator("[name=x_max]").fill("0.052")
    begun = time.perf_counter()
    with _profiled(session, found, "selected_"):
        page.locator("[name=x_max]").press("Enter")
        _until(page, MARKED)
    found["selected"] = 1000 * (time.perf_counter() - begun)


PAGES = {"spectrum": _spectrum, "inspect": _inspect, "populations": _populations}

if __name__ == "__main__":
    main()
