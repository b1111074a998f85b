"""Unit norm beside the normalisation that the paper prints, f / sum(f^2), on a simulated survey.

    python -m benchmarks.normalization FOLDER [--configurations 2:25:100 ...]

One JSON object a line and per configuration; metric l2_sum, each normalisation with a codebook of its own.
FOLDER keeps the simulated survey.

`same_nearest`: share of the queries that have the same nearest template either way. `z_right`: share of the
queries with emission lines whose nearest template's redshift is within 0.001 of the true one; `confirmed`:
queries with |z_CL - z_RT| <= 0.001. The printed form has the norm 1/|f|, which is the smaller the brighter
the spectrum: `norm_with_rank` is the rank correlation (Spearman) of the norm that a template has in the
printed form with its place among the TOP nearest, `norm_with_query` that of the nearest template's norm with
the query's own; both are medians or values over all queries, in the order (l2, as_printed).
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata, spearmanr

from benchmarks.survey import Survey, survey
from retrieval import ProductQuantizer
from retrieval.match import confirm
from retrieval.prepare import NORMALIZATIONS
from retrieval.profiles import PAPER_CONFIGURATIONS, Configuration

TOP = 100
SEED = 0


def neighbours(data: Survey, config: Configuration) -> NDArray[np.int64]:
    """The TOP nearest templates of each query, (q, TOP)."""
    templates = data.templates[config.step]
    quantizer = ProductQuantizer(config.segments, config.centers, seed=SEED).fit(templates)
    return quantizer.search(data.queries[config.step], quantizer.encode(templates), k=TOP)[0]


def rank_correlation(norms: NDArray[np.float64]) -> float:
    """Median over rows of the rank correlation of `norms` (q, TOP) with their place in the row."""
    ranks = rankdata(norms, axis=1)
    place = np.arange(norms.shape[1]) - (norms.shape[1] - 1) / 2
    spread = ranks.std(axis=1) * place.std()
    return float(np.median((ranks @ place / norms.shape[1]) / spread))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--configurations", nargs="+", type=Configuration.parse, default=list(PAPER_CONFIGURATIONS)
    )
    args = parser.parse_args()
    both = [survey(args.folder, normalization) for normalization in NORMALIZATIONS]
    truth = both[0]
    has_lines = ~np.isnan(truth.query_z)
    for config in args.configurations:
        found = [neighbours(data, config) for data in both]
        norms = [np.linalg.norm(part[config.step], axis=1) for part in (both[1].templates, both[1].queries)]
        nearest = [one[:, 0] for one in found]
        line = {
            "configuration": str(config),
            "same_nearest": round(float((nearest[0] == nearest[1]).mean()), 4),
            "z_right": [
                round(float(confirm(truth.query_z, truth.template_z[one])[has_lines].mean()), 4)
                for one in nearest
            ],
            "confirmed": [int(confirm(truth.z_cl, truth.template_z[one]).sum()) for one in nearest],
            "norm_with_rank": [round(rank_correlation(norms[0][one]), 3) for one in found],
            "norm_with_query": [round(float(spearmanr(norms[0][one], norms[1])[0]), 3) for one in nearest],
        }
        sys.stdout.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
