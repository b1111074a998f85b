"""Kin of one spectrum at a time, warm: the nearest by codes, re-ranked by the true distance.

    python -m benchmarks.kin FOLDER

177,270 templates at step 2, M = 100, K = 400, `l2_sum`, the 50 nearest, 200 queries after each other by two
threads. Templates are a memory map, as in a portal that keeps prepared spectra on disk; their pages are warm.
One JSON object: median and 95th percentile in milliseconds, and how the search was done.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.data import spectra
from benchmarks.retrieval import QUERIES, TEMPLATES, encoded
from retrieval.rerank import rerank
from retrieval.search import Searcher

STEP, SEGMENTS, CENTERS = 2, 100, 400
KIN, ASKED, THREADS = 50, 200, 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kernels", choices=["native", "numba", "numpy"])
    options = parser.parse_args()
    book, codes = encoded(options.folder, STEP, SEGMENTS, CENTERS)
    templates = spectra(options.folder, "templates", TEMPLATES[STEP], STEP, mapped=True)
    queries = spectra(options.folder, "queries", QUERIES, STEP)[:ASKED]
    searcher = Searcher(book, codes, metric="l2_sum", threads=THREADS, kernels=options.kernels)

    def kin(query: np.ndarray) -> None:
        index, _ = searcher.nearest(query[None], KIN)
        rerank(query[None], templates, index)

    searcher.prepare()
    for query in queries:
        kin(query)  # brings the templates into memory
    seconds = []
    for query in queries:
        start = time.perf_counter()
        kin(query)
        seconds.append(time.perf_counter() - start)
    p50, p95 = np.percentile(seconds, [50, 95]) * 1e3
    plan = searcher.plan(1)
    line = {"kin": KIN, "templates": TEMPLATES[STEP], "segments": SEGMENTS, "centers": CENTERS}
    line |= {"queries": ASKED, "threads": THREADS, "p50_ms": round(p50, 2), "p95_ms": round(p95, 2)}
    sys.stdout.write(json.dumps(line | {"plan": plan.name, "kernels": plan.kernels}) + "\n")


if __name__ == "__main__":
    main()
