"""The cost model beside the clock: every plan of every configuration, as estimated and as measured.

    python -m benchmarks.plans FOLDER [--kernels native numba] [--configurations 2,100,400 ...]

2,048 queries, templates indexed before. One JSON object a line. The constants of `retrieval/plan.py` are
those that make the two agree best on one machine, in the least squares of the relative difference.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import get_args

from benchmarks.data import spectra
from benchmarks.retrieval import CONFIGURATIONS, OURS, encoded
from retrieval.kernels import scan_kernels
from retrieval.plan import PlanName, Problem, estimates
from retrieval.products import multiplies_integers
from retrieval.search import METRICS, Metric, Searcher

ASKED, THREADS = 2048, 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    names = [",".join(map(str, configuration)) for configuration in CONFIGURATIONS]
    parser.add_argument("--configurations", nargs="+", default=names)
    parser.add_argument("--kernels", nargs="+", default=OURS, choices=OURS)
    options = parser.parse_args()
    for name in options.configurations:
        step, segments, centers = map(int, name.split(","))
        for kernels in options.kernels:
            for metric in METRICS:
                compare(options.folder, (step, segments, centers), kernels, metric)


def compare(folder: Path, configuration: tuple[int, int, int], kernels: str, metric: Metric) -> None:
    book, codes = encoded(folder, *configuration)
    Q = spectra(folder, "queries", 4096, configuration[0])[:ASKED]
    searcher = Searcher(book, codes, metric=metric, threads=THREADS, kernels=kernels)
    searcher.nearest(Q[:64], plan="tables")
    form = scan_kernels(kernels)
    assert form is not None
    squared, (_, _, width) = metric == "l2_squared", book.shape
    problem = Problem(
        len(codes), ASKED, *configuration[1:], width, squared, THREADS, multiplies_integers(form)
    )
    costs = estimates(problem, form.name, form.block, indexed=True)
    for plan in get_args(PlanName)[1:]:
        if plan not in costs:
            continue
        start = time.perf_counter()
        searcher.nearest(Q, plan=plan)
        seconds = time.perf_counter() - start
        line = {"configuration": configuration, "kernels": kernels, "metric": metric, "plan": plan}
        line |= {"measured_s": round(seconds, 3), "estimated_s": round(costs[plan], 3)}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
