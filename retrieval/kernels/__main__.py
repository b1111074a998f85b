"""`python -m retrieval.kernels`: compile the kernels for this machine, at install, and say so."""

from __future__ import annotations

import os
import sys

import numpy as np

from retrieval.kernels import build


def main() -> None:
    names = sorted(source.stem for source in build.SOURCES.glob("*.cpp"))
    say(f"compiling the kernels {', '.join(names)} for this machine (once)")
    failed = [name for name in names if build.library(name) is None]
    if failed:
        say(f"not compiled in C++: {', '.join(failed)}; compiling with numba instead: equal, not as fast")
        compile_with_numba()


def compile_with_numba() -> None:
    """Go once through training, encoding and search, with either width of codes, so that numba keeps them."""
    os.environ["GLOWWORM_KERNELS"] = "numba"
    from retrieval.quantizer import ProductQuantizer
    from retrieval.search import METRICS, Searcher

    spectra = np.random.default_rng(0).random((300, 32), dtype=np.float32)
    for centers in (2, 257):
        quantizer = ProductQuantizer(4, centers).fit(spectra)
        codes = quantizer.encode(spectra)
        for metric in METRICS:
            Searcher(quantizer.codebook, codes, metric=metric).nearest(spectra[:65], plan="tables")


def say(text: str) -> None:
    sys.stdout.write(f"glowworm: {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
