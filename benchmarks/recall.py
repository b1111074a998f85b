"""What quantising costs, and what each configuration of the paper adds, on a simulated survey with its truth.

    python -m benchmarks.recall FOLDER

One JSON object a line and per configuration and metric. FOLDER keeps the simulated survey.

`recall_1`, `recall_10`: share of the queries whose nearest template by exact distance is the first, or among
the first ten, that the quantizer finds; "of_euclidean" by the Euclidean distance of the whole spectra,
"of_l2_sum" by the summed Euclidean distances of the same segments, unquantised. `z_right`: share of the
queries with emission lines whose nearest template's redshift is within 0.001 of the true one, and
`z_right_exact` the same of the exact nearest in the same metric.

`confirmed`: queries with |z_CL - z_RT| <= 0.001 in this configuration alone; `wrong`, those of them whose
z_CL is not the true redshift; `union`, in this or an earlier configuration, and `union_wrong`; `only_here`,
in none of the other eleven.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.survey import Survey, survey
from retrieval import ProductQuantizer
from retrieval.match import confirm
from retrieval.profiles import PAPER_CONFIGURATIONS, Configuration
from retrieval.search import METRICS, Metric, Searcher

TOP = 10
SEED = 0  # of the codebooks
Rows = NDArray[np.float32]


def exact_nearest(templates: Rows, queries: Rows, segments: int, metric: Metric) -> NDArray[np.int64]:
    """The nearest template of each query without any quantising, (q,).

    A codebook that has every template as a centre loses nothing: the engine is then an exact search.
    """
    n = len(templates)
    book = np.ascontiguousarray(templates.reshape(n, segments, -1).swapaxes(0, 1))
    codes = np.repeat(np.arange(n, dtype=np.uint16)[:, None], segments, axis=1)
    return Searcher(book, codes, metric=metric).nearest(queries)[0][:, 0]


def share(hits: NDArray[np.bool_]) -> float:
    return round(float(hits.mean()), 4)


def recalls(found: NDArray[np.int64], exact: NDArray[np.int64], of: str) -> dict[str, float]:
    """Recall at 1 and at TOP of `found` (q, TOP) against the `exact` nearest (q,)."""
    hits = found == exact[:, None]
    return {f"recall_1_of_{of}": share(hits[:, 0]), f"recall_{TOP}_of_{of}": share(hits.any(axis=1))}


def unions(confirmed: NDArray[np.bool_], right: NDArray[np.bool_]) -> list[dict[str, int]]:
    """What each row of `confirmed` (configurations, q) adds; `right` (q,) where z_CL is the true redshift."""
    so_far = np.logical_or.accumulate(confirmed, axis=0)
    alone = confirmed & (confirmed.sum(axis=0) == 1)
    return [
        {
            "confirmed": int(own.sum()),
            "wrong": int((own & ~right).sum()),
            "union": int(union.sum()),
            "union_wrong": int((union & ~right).sum()),
            "only_here": int(only.sum()),
        }
        for own, union, only in zip(confirmed, so_far, alone, strict=True)
    ]


def measured(
    data: Survey, config: Configuration, quantizer: ProductQuantizer, metric: Metric, euclidean: NDArray
) -> tuple[dict[str, float], NDArray[np.bool_]]:
    """Recall and redshifts of one configuration, and which queries it confirms, (q,)."""
    templates, queries = data.templates[config.step], data.queries[config.step]
    searching = ProductQuantizer.from_codebook(quantizer.codebook, metric)
    found, _ = searching.search(queries, searching.encode(templates), k=TOP)
    line, exact = recalls(found, euclidean, "euclidean"), euclidean
    if metric == "l2_sum":
        exact = exact_nearest(templates, queries, config.segments, metric)
        line |= recalls(found, exact, "l2_sum")
    has_lines = ~np.isnan(data.query_z)
    for name, nearest in (("z_right", found[:, 0]), ("z_right_exact", exact)):
        line[name] = share(confirm(data.query_z, data.template_z[nearest])[has_lines])
    return line, confirm(data.z_cl, data.template_z[found[:, 0]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    data = survey(parser.parse_args().folder)
    euclidean = {
        step: exact_nearest(data.templates[step], data.queries[step], 25, "l2_squared") for step in (1, 2)
    }
    lines: dict[Metric, list[dict[str, float]]] = {metric: [] for metric in METRICS}
    confirmed: dict[Metric, list[NDArray[np.bool_]]] = {metric: [] for metric in METRICS}
    for config in PAPER_CONFIGURATIONS:
        quantizer = ProductQuantizer(config.segments, config.centers, seed=SEED).fit(
            data.templates[config.step]
        )
        for metric in METRICS:
            line, agrees = measured(data, config, quantizer, metric, euclidean[config.step])
            lines[metric].append(line)
            confirmed[metric].append(agrees)
    right = confirm(data.z_cl, data.query_z)
    counts = {
        "templates": len(data.template_z),
        "queries": len(data.query_z),
        "with_lines": int((~np.isnan(data.query_z)).sum()),
        "with_z_cl": int((~np.isnan(data.z_cl)).sum()),
        "z_cl_right": int(right.sum()),
    }
    for metric in METRICS:
        added = unions(np.array(confirmed[metric]), right)
        for config, line, adds in zip(PAPER_CONFIGURATIONS, lines[metric], added, strict=True):
            what = {"configuration": str(config), "metric": metric}
            sys.stdout.write(json.dumps(what | counts | line | adds) + "\n")


if __name__ == "__main__":
    main()
