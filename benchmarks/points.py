"""What the points of a population cost where WebGL is drawn by the processor: one measure at a time, in turn.

    python -m benchmarks.points [--rounds N]

Chromium moves 20,000 points of five categories, drawn by the vendored library in a page of their own, for a
second and a half. Each line is one JSON object: frames a second, medians of N (3) rounds in which every
measure is tried after the other, so that other programs disturb all alike.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.viewing import FLAGS, MOVED

PLOTLY = next((Path(__file__).parents[1] / "static" / "vendor").glob("plotly-strict-*.js"))
SYMBOLS = ["circle", "square", "diamond", "triangle-up", "circle-open"]
"""As catalog/populations/colours.py has them for the classes of the BPT diagram."""
BEFORE = {"ratio": 2, "size": 7, "opacity": 0.8, "symbols": SYMBOLS, "traces": 5, "canvases": 3}
NOW = BEFORE | {"ratio": 1, "size": 5}
MEASURES = {
    "before: twice the pixels of the screen, points of 7 pixels": BEFORE,
    "the pixels of the screen": BEFORE | {"ratio": 1},
    "now: the pixels of the screen, points of 5 pixels": NOW,
    "now, opaque": NOW | {"opacity": 1},
    "now, in one trace": NOW | {"traces": 1},
    "now, circles only": NOW | {"symbols": ["circle"]},
    "now, two of the three canvases hidden": NOW | {"canvases": 1},
}
PAGE = '<body style="margin: 0"><div data-drawing style="width: 1100px; height: 670px"></div>'
DRAW = """async ({ ratio, size, opacity, symbols, traces, canvases }) => {
    const place = document.querySelector("[data-drawing]"), each = 20000 / traces;
    const data = Array.from({ length: traces }, (_, n) => ({
        type: "scattergl", mode: "markers", hoverinfo: "none",
        x: Float64Array.from({ length: each }, () => Math.sqrt(Math.random())),
        y: Float64Array.from({ length: each }, () => Math.sqrt(Math.random())),
        marker: { size, opacity, symbol: symbols[n % symbols.length] },
    }));
    const layout = { dragmode: "pan", hovermode: "closest", legend: { orientation: "h" } };
    await Plotly.newPlot(place, data, layout, { plotGlPixelRatio: ratio });
    if (canvases === 1) {
        for (const one of place.querySelectorAll(".gl-canvas-focus, .gl-canvas-pick")) one.hidden = true;
    }
    await new Promise((done) => setTimeout(done, 400));
}"""


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rounds", type=int, default=3)
    rounds = asked.parse_args().rounds
    frames: dict[str, list[float]] = {name: [] for name in MEASURES}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"), args=FLAGS
        )
        for _ in range(rounds):
            for name, measure in MEASURES.items():
                page = browser.new_page(viewport={"width": 1440, "height": 900})
                page.set_content(PAGE)
                page.add_script_tag(path=PLOTLY)
                page.evaluate(DRAW, measure)
                moved = page.evaluate(MOVED.replace("< 2000", "< 1500"))
                frames[name].append(1000 * moved["frames"] / moved["took"])
                page.close()
        browser.close()
    for name, found in frames.items():
        print(json.dumps({"points": name, "frames_per_second": round(statistics.median(found), 2)}))
    print(json.dumps({"cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1), "rounds": rounds}))


if __name__ == "__main__":
    main()
