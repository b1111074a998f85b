"""Search against its peers: every one in a process of its own, asked in turn, medians over rounds.

python -m benchmarks.retrieval FOLDER [--configurations 2,100,400 ...] [--peers native flat ...]

Writes a line of JSON per configuration, metric and peer: milliseconds per query, and how many times the
native search is faster; at the end the geometric means. A peer too slow for all queries gets a share, which
its line tells. Spectra, codebooks and codes are made once and kept in FOLDER.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.data import spectra
from retrieval.index import decode
from retrieval.quantizer import ProductQuantizer
from retrieval.search import Searcher

CONFIGURATIONS = (  # step, segments, centres (Lu et al. 2022)
    *((2, 25, 100), (2, 50, 200), (2, 100, 400), (2, 250, 800), (2, 500, 1600), (2, 1250, 3200)),
    *((1, 50, 200), (1, 100, 400), (1, 200, 800), (1, 500, 800), (1, 500, 1600), (1, 1000, 3200)),
)
TEMPLATES = {1: 60_000, 2: 177_270}
QUERIES = 4096
TRAINED_ON = 20_000  # templates: the speed of a search hardly depends on how good its codebook is
OURS = ("native", "numba")
SHARES = {"flat": 1024, "indexpq": 256, "loop": 32, "nanopq": 8}  # queries of the slow peers
METRICS = {
    **dict.fromkeys(("native", "numba", "loop"), ("l2_squared", "l2_sum")),
    **dict.fromkeys(("flat", "indexpq", "nanopq"), ("l2_squared",)),
}

Search = Callable[[NDArray[np.float32]], object]


def encoded(folder: Path, step: int, segments: int, centers: int) -> tuple[NDArray, NDArray]:
    """Codebook and codes of a configuration."""
    path = folder / f"cb-{step}-{segments}-{centers}.npz"
    if not path.exists():
        X = spectra(folder, "templates", TEMPLATES[step], step)
        quantizer = ProductQuantizer(segments, centers, "l2_squared").fit(X[:TRAINED_ON])
        np.savez(path, book=quantizer.codebook, codes=quantizer.encode(X))
    kept = np.load(path)
    return kept["book"], kept["codes"]


def prepared(peer: str, metric: str, book: NDArray, codes: NDArray, threads: int) -> Search:
    """The search of one peer, with all ready that does not depend on the queries."""
    segments, centers, width = book.shape
    if peer in OURS:
        searcher = Searcher(book, codes, metric=metric, threads=threads, kernels=peer)
        searcher.nearest(np.zeros((64, segments * width), np.float32), plan="tables")
        return lambda Q: searcher.nearest(Q)
    if peer == "loop":
        return _loop(book, codes, metric)
    if peer == "nanopq":
        import nanopq

        pq = nanopq.PQ(segments, centers, verbose=False)
        pq.codewords, pq.Ds, pq.code_dtype = book, width, codes.dtype.type
        return lambda Q: [int(pq.dtable(q).adist(codes).argmin()) for q in Q]
    import faiss

    faiss.omp_set_num_threads(threads)
    if peer == "flat":
        flat = faiss.IndexFlatL2(segments * width)
        flat.add(decode(book, codes))
        return lambda Q: flat.search(Q, 1)
    bits = max(1, (centers - 1).bit_length())
    index = faiss.IndexPQ(segments * width, segments, bits)
    # It wants a power of two: the centres that are missing lie where no code points.
    full = np.full((segments, 2**bits, width), 1e3, dtype=np.float32)
    full[:, :centers] = book
    faiss.copy_array_to_vector(full.ravel(), index.pq.centroids)
    index.is_trained = True
    index.add_sa_codes(_bit_strings(codes, bits, index.sa_code_size()))
    return lambda Q: index.search(Q, 1)


def _bit_strings(codes: NDArray, bits: int, size: int) -> NDArray[np.uint8]:
    """Codes (n, segments) as little-endian strings of `bits` each, as FAISS keeps them, (n, size) bytes."""
    out = np.empty((len(codes), size), dtype=np.uint8)
    for start in range(0, len(codes), 4096):
        part = codes[start : start + 4096].astype(np.uint16)
        pieces = np.unpackbits(part.view(np.uint8).reshape(*part.shape, 2), axis=2, bitorder="little")
        strings = np.packbits(pieces[:, :, :bits].reshape(len(part), -1), axis=1, bitorder="little")
        out[start : start + 4096] = strings
    return out


def _loop(book: NDArray, codes: NDArray, metric: str) -> Search:
    """The plain definition, compiled by numba, queries in parallel."""
    from numba import njit, prange

    @njit(parallel=True)
    def search(tables, codes):  # type: ignore[no-untyped-def]
        best = np.zeros(len(tables), dtype=np.int64)
        for q in prange(len(tables)):
            lowest = np.inf
            for i in range(len(codes)):
                total = 0.0
                for m in range(codes.shape[1]):
                    total += tables[q, m, codes[i, m]]
                if total < lowest:
                    lowest, best[q] = total, i
        return best

    quantizer = ProductQuantizer.from_codebook(book, metric)
    return lambda Q: search(np.array([quantizer.distance_table(q) for q in Q]), codes)


def serve(folder: Path, peer: str, metric: str, configuration: tuple[int, int, int], threads: int) -> None:
    """Answer every line of input with the seconds of one search."""
    book, codes = encoded(folder, *configuration)
    Q = spectra(folder, "queries", QUERIES, configuration[0])[: SHARES.get(peer)]
    search = prepared(peer, metric, book, codes, threads)
    search(Q[:2])
    sys.stdout.write(f"{len(Q)}\n")
    sys.stdout.flush()
    for _ in sys.stdin:
        start = time.perf_counter()
        search(Q)
        sys.stdout.write(f"{time.perf_counter() - start}\n")
        sys.stdout.flush()


def measure(
    folder: Path,
    configuration: tuple[int, int, int],
    metric: str,
    peers: list[str],
    threads: int,
    rounds: int,
) -> dict[str, tuple[float, int]]:
    """Milliseconds per query, and the number of queries, of each peer."""
    environment = os.environ | dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), str(threads)
    )
    name = ",".join(map(str, configuration))
    command = [sys.executable, "-m", "benchmarks.retrieval", str(folder), "--threads", str(threads)]
    children = {
        peer: subprocess.Popen(
            [*command, "--serve", peer, metric, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment if peer not in OURS else environment | {"OPENBLAS_NUM_THREADS": "1"},
        )
        for peer in peers
    }
    queries = {peer: int(_line(child)) for peer, child in children.items()}
    seconds: dict[str, list[float]] = {peer: [] for peer in peers}
    for _ in range(rounds):
        for peer, child in children.items():
            assert child.stdin is not None
            child.stdin.write("go\n")
            child.stdin.flush()
            seconds[peer].append(float(_line(child)))
    for child in children.values():
        child.communicate()
    return {p: (1e3 * statistics.median(seconds[p]) / queries[p], queries[p]) for p in peers}


def _line(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--configurations", nargs="*", default=[",".join(map(str, c)) for c in CONFIGURATIONS]
    )
    parser.add_argument("--peers", nargs="*", default=list(METRICS), choices=list(METRICS))
    parser.add_argument("--metrics", nargs="*", default=["l2_squared", "l2_sum"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve", nargs=3, metavar=("PEER", "METRIC", "CONFIGURATION"))
    chosen = parser.parse_args()
    if chosen.serve:
        peer, metric, name = chosen.serve
        step, segments, centers = map(int, name.split(","))
        serve(chosen.folder, peer, metric, (step, segments, centers), chosen.threads)
        return
    ratios: dict[tuple[str, str], list[float]] = {}
    for name in chosen.configurations:
        step, segments, centers = map(int, name.split(","))
        encoded(chosen.folder, step, segments, centers)
        spectra(chosen.folder, "queries", QUERIES, step)
        for metric in chosen.metrics:
            peers = [peer for peer in chosen.peers if metric in METRICS[peer]]
            found = measure(
                chosen.folder, (step, segments, centers), metric, peers, chosen.threads, chosen.rounds
            )
            best = min(found[peer][0] for peer in peers if peer in OURS)
            for peer, (milliseconds, queries) in found.items():
                ratios.setdefault((metric, peer), []).append(milliseconds / best)
                line = {
                    "step": step,
                    "segments": segments,
                    "centers": centers,
                    "metric": metric,
                    "peer": peer,
                }
                line |= {"ms_per_query": round(milliseconds, 4), "ratio": round(milliseconds / best, 2)}
                sys.stdout.write(json.dumps(line | {"queries": queries, "templates": TEMPLATES[step]}) + "\n")
                sys.stdout.flush()
    for (metric, peer), found_ratios in ratios.items():
        mean = round(statistics.geometric_mean(found_ratios), 2)
        line = {"metric": metric, "peer": peer, "geometric_mean": mean, "least": round(min(found_ratios), 2)}
        sys.stdout.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
