"""The environment in which engines are compared."""

from __future__ import annotations

import os
from pathlib import Path

CPU = Path("/proc/cpuinfo")


def environment(threads: int) -> dict[str, str]:
    """Variables of a process that uses `threads`, and the matrix products that suit this processor.

    The OpenBLAS that faiss-cpu brings (0.3.15) does not know processors that are newer, and falls back to
    products of 2004 on them, a fifth as fast. Where there is AVX-512 it is told to use it.
    """
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
    chosen = os.environ | dict.fromkeys(names, str(threads))
    if CPU.exists() and " avx512bw " in CPU.read_text():
        chosen.setdefault("OPENBLAS_CORETYPE", "SkylakeX")
    return chosen
