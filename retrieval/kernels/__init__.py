"""The inner loops of search, in the fastest form that this machine has: native, else numba, else numpy.

All forms give equal results. $GLOWWORM_KERNELS names one, for tests and measurements.
"""

from __future__ import annotations

import hashlib
import importlib
import os
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from retrieval.index import Codes, TemplateIndex
from retrieval.kernels.build import cache_folder
from retrieval.kernels.memory import TableScratch

NAMES = ("native", "numba", "numpy")  # fastest first


class ScanKernels(Protocol):
    """What a form of the kernels can do. Distances are float64 of the plain definition."""

    name: str
    block: int  # queries that one call of `tables` takes at most

    def guess(
        self,
        index: TemplateIndex,
        points: NDArray[np.float32],
        cells: NDArray[np.int64],
        wanted: int,
    ) -> NDArray[np.int64]:
        """Templates (q, wanted) near to `points` (q, p), from `cells` (q, probes) of each; -1 where none."""

    def exact(
        self,
        codebook: NDArray[np.float32],
        codes: Codes,
        queries: NDArray[np.float32],
        rows: NDArray[np.int64],
        squared: bool,
    ) -> NDArray[np.float64]:
        """Distances (q, n) of `queries` (q, d) to templates `rows` (q, n); infinite for row -1."""

    def settle(
        self,
        codebook: NDArray[np.float32],
        codes: Codes,
        query: NDArray[np.float32],
        rows: NDArray[np.int64],
        bounds: NDArray[np.float64],
        k: int,
        squared: bool,
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The `k` nearest of templates `rows` (n,) to `query` (d,), none nearer than its bound (n,)."""

    def tables(
        self,
        index: TemplateIndex,
        queries: NDArray[np.float32],
        limit: NDArray[np.float64],
        k: int,
        squared: bool,
        scratch: TableScratch,
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The `k` nearest templates (q, k) to `queries` (q, d), knowing that k are within `limit` (q,)."""


def fastest(kind: str, name: str | None = None) -> Any:
    """The form called `name` of the "scan" or "train" kernels, or $GLOWWORM_KERNELS, or the fastest there is.

    ValueError for an unknown name, and for one that cannot be had here.
    """
    wanted = name or os.environ.get("GLOWWORM_KERNELS")
    if wanted and wanted not in NAMES:
        raise ValueError(f"There are no kernels {wanted!r}; choose one of {', '.join(NAMES)}.")
    for candidate in (wanted,) if wanted else NAMES:
        try:
            return _form(kind, candidate)
        except (ImportError, OSError) as error:
            if wanted:
                raise ValueError(f"The {wanted} kernels cannot be had here: {error}") from error
    raise AssertionError("numpy is always there.")


def _form(kind: str, name: str) -> Any:
    if (kind, name) == ("scan", "numpy"):
        return None  # the plain search, which needs no index
    if name == "numba":  # which otherwise wants to write beside the source
        # It compiles a file's functions again when that file changes, but not for what the file uses.
        lanes = hashlib.sha256(Path(__file__).with_name("lanes_numba.py").read_bytes()).hexdigest()[:16]
        os.environ.setdefault("NUMBA_CACHE_DIR", str(cache_folder() / f"numba-{lanes}"))
    return importlib.import_module(f"retrieval.kernels.{kind}_{name}").load()


@cache
def scan_kernels(name: str | None = None) -> ScanKernels | None:
    """The kernels of search (see `fastest`); None for numpy, which needs no index."""
    kernels: ScanKernels | None = fastest("scan", name)
    return kernels
