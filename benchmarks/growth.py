"""How the time of a search grows, and how much memory it takes.

    python -m benchmarks.growth FOLDER

Time against the number of templates N, of queries Q, of segments M and of centres K, over a decade each, from
a middle of 100,000 templates, 2,048 queries, M = 100, K = 400 at step 2; the exponent is the slope of a
straight line through the logarithms. Codebooks are of drawn spectra: how good one is hardly changes the time.
The index is made before time is taken.

Memory: the peak of a process of its own that searches 177,270 templates, less what it held before the search
(inputs, libraries), beside the bound that was given. One JSON object a line.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray

from benchmarks.data import spectra
from benchmarks.retrieval import QUERIES, TEMPLATES, encoded
from retrieval.encode import encode
from retrieval.search import METRICS, Metric, Searcher

STEP, THREADS, ROUNDS = 2, 2, 3
MIDDLE = {"N": 100_000, "Q": 2048, "M": 100, "K": 400}
GROWTH = {
    "N": (17_500, 44_000, 88_000, 175_000),
    "Q": (400, 1024, 2048, 4096),
    "M": (25, 50, 125, 250),
    "K": (160, 400, 800, 1600),
}
MEMORY = ((2, 100, 400), (2, 1250, 3200))
BOUNDS = (2**31, 2**28)


def _quantized(X: NDArray[np.float32], segments: int, centers: int) -> tuple[NDArray, NDArray]:
    """A codebook of drawn spectra, and the codes of `X`."""
    drawn = X[np.sort(np.random.default_rng(1).choice(len(X), centers, replace=False))]
    book = np.ascontiguousarray(drawn.reshape(centers, segments, -1).swapaxes(0, 1))
    return book, encode(book, X, np.uint8 if centers <= 256 else np.uint16, threads=THREADS)


def _seconds(X: NDArray, Q: NDArray, size: dict[str, int], metric: Metric, kernels: str | None) -> float:
    """Median of ROUNDS searches."""
    book, codes = _quantized(X[: size["N"]], size["M"], size["K"])
    searcher = Searcher(book, codes, metric=metric, threads=THREADS, kernels=kernels)
    searcher.nearest(Q[:64], plan="tables")
    found = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        searcher.nearest(Q[: size["Q"]], plan="tables")
        found.append(time.perf_counter() - start)
    return statistics.median(found)


def growth(folder: Path, of: str, metric: Metric, kernels: str | None) -> None:
    X = spectra(folder, "templates", TEMPLATES[STEP], STEP, mapped=True)
    Q = spectra(folder, "queries", QUERIES, STEP)
    seconds = [_seconds(X, Q, MIDDLE | {of: value}, metric, kernels) for value in GROWTH[of]]
    exponent = float(np.polyfit(np.log(GROWTH[of]), np.log(seconds), 1)[0])
    line = {"growth": of, "metric": metric, "values": GROWTH[of], "seconds": [round(s, 3) for s in seconds]}
    _say(line | {"exponent": round(exponent, 3)})


def memory(folder: Path, configuration: tuple[int, int, int], metric: Metric, bound: int) -> None:
    """The peak that a search adds to what its process holds; called in a process of its own."""
    book, codes = encoded(folder, *configuration)
    Q = spectra(folder, "queries", QUERIES, configuration[0])
    warm = Searcher(book, codes[:2000], metric=metric, threads=THREADS)
    warm.nearest(Q[:64], plan="tables")  # loads and compiles
    if metric == "l2_squared":
        warm.nearest(Q[:64], plan="products")
    del warm
    before = psutil.Process().memory_info().rss
    searcher = Searcher(book, codes, metric=metric, threads=THREADS, memory=bound)
    searcher.nearest(Q)
    line = {"memory": bound, "configuration": configuration, "metric": metric, "queries": QUERIES}
    line |= {"plan": searcher.plan(QUERIES).name, "held_before_mib": before >> 20}
    _say(line | {"peak_mib": _peak() >> 20, "search_mib": (_peak() - before) >> 20, "bound_mib": bound >> 20})


def _peak() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def _say(line: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--parts", nargs="+", default=[*GROWTH, "memory"], choices=[*GROWTH, "memory"])
    parser.add_argument("--metrics", nargs="+", default=list(METRICS), choices=METRICS)
    parser.add_argument("--kernels", choices=["native", "numba"])
    parser.add_argument("--hold", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.hold:
        name, bound = options.hold
        step, segments, centers = map(int, name.split(","))
        memory(options.folder, (step, segments, centers), options.metrics[0], int(bound))
        return
    for part in options.parts:
        for metric in options.metrics:
            if part != "memory":
                growth(options.folder, part, metric, options.kernels)
                continue
            for configuration in MEMORY:
                for bound in BOUNDS:
                    command = [sys.executable, "-m", "benchmarks.growth", str(options.folder)]
                    command += ["--metrics", metric, "--hold", ",".join(map(str, configuration)), str(bound)]
                    subprocess.run(command, check=True, env=os.environ | {"OPENBLAS_NUM_THREADS": "1"})


if __name__ == "__main__":
    main()
