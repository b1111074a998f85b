"""Search against its peers: every one in a process of its own, asked in turn, medians over rounds.

    python -m benchmarks.retrieval FOLDER [--configurations 2,100,400 ...] [--peers native flat ...] >> lines
    python -m benchmarks.retrieval --summary lines ...

Writes a line of JSON per configuration, metric and peer: milliseconds per query ("cpu_ms", of processor time,
says more on a busy machine), those of our own kernels in the same run, and how many times these are faster. A
peer too slow for all queries gets a seeded sample of them, which its line tells. The summary takes the last
line of each configuration, metric and peer, and gives the geometric mean and the least of the ratios for each
of our kernels. Spectra, codebooks and codes are made once and kept in FOLDER.
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
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.data import spectra
from benchmarks.peers import environment
from retrieval.index import decode
from retrieval.quantizer import ProductQuantizer
from retrieval.search import Metric, Searcher

CONFIGURATIONS = (  # step, segments, centres (Lu et al. 2022)
    *((2, 25, 100), (2, 50, 200), (2, 100, 400), (2, 250, 800), (2, 500, 1600), (2, 1250, 3200)),
    *((1, 50, 200), (1, 100, 400), (1, 200, 800), (1, 500, 800), (1, 500, 1600), (1, 1000, 3200)),
)
TEMPLATES = {1: 60_000, 2: 177_270}
QUERIES = 4096
TRAINED_ON = 20_000  # templates: the speed of a search hardly depends on how good its codebook is
OURS = ("native", "numba")
FLAT_QUERIES = 1024  # FAISS multiplies matrices from 20 queries on; more than so many gain it nothing
SECONDS = 1.5  # of one round of the other peers, which take as long for each query of few as of many
LEAST_QUERIES = 2
BATCH = {"indexpq": 256}  # queries that a peer gets, for it is slow with few of them ...
PATIENCE = 3.0  # ... as far as they take it no longer than about this, in seconds
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
        threads = os.cpu_count()
        quantizer = ProductQuantizer(segments, centers, "l2_squared").fit(X[:TRAINED_ON], threads=threads)
        np.savez(path, book=quantizer.codebook, codes=quantizer.encode(X, threads=threads))
    kept = np.load(path)
    return kept["book"], kept["codes"]


def prepared(peer: str, metric: Metric, book: NDArray, codes: NDArray, threads: int) -> Search:
    """The search of another peer, with all ready that does not depend on the queries."""
    segments, centers, width = book.shape
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


def _loop(book: NDArray, codes: NDArray, metric: Metric) -> Search:
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


def serve(folder: Path, peer: str, metric: Metric, configuration: tuple[int, int, int], threads: int) -> None:
    """Answer every line of input with the seconds of one search; at first, with what is searched and how."""
    book, codes = encoded(folder, *configuration)
    Q = spectra(folder, "queries", QUERIES, configuration[0])
    drawn = np.random.default_rng(0).permutation(QUERIES)
    search: Search
    about: dict[str, object] = {}
    if peer in OURS:
        searcher = Searcher(book, codes, metric=metric, threads=threads, kernels=peer)
        searcher.nearest(Q[drawn[:64]], plan="tables")  # which indexes
        search, count, about = searcher.nearest, QUERIES, {"plan": searcher.plan(QUERIES).name}
    else:
        search, count = prepared(peer, metric, book, codes, threads), FLAT_QUERIES
        search(Q[drawn[:2]])
        if peer != "flat":
            count = _count(search, Q[drawn], BATCH.get(peer, LEAST_QUERIES))
    Q = Q[np.sort(drawn[:count])]
    _say({"queries": count} | about)
    for _ in sys.stdin:
        start, cpu = time.perf_counter(), time.process_time()
        search(Q)
        _say({"seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu})


def _count(search: Search, Q: NDArray[np.float32], batch: int) -> int:
    """How many queries a search answers in SECONDS, found by asking it twice for more and more; a `batch` at
    least, or as much of it as PATIENCE allows."""
    count, seconds = 1, 0.0
    while count < len(Q) and (seconds < SECONDS / 4 or (count < batch and seconds < PATIENCE)):
        count *= 2
        trials = []
        for _ in range(2):
            start = time.perf_counter()
            search(Q[:count])
            trials.append(time.perf_counter() - start)
        seconds = min(trials)
    return int(np.clip(count * SECONDS / seconds, min(batch, count), len(Q)))


def _say(line: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def measure(
    folder: Path,
    configuration: tuple[int, int, int],
    metric: str,
    peers: list[str],
    threads: int,
    rounds: int,
) -> dict[str, dict[str, Any]]:
    """What each peer says of its search, with the median "ms" per query."""
    of_peers = environment(threads)
    name = ",".join(map(str, configuration))
    command = [sys.executable, "-m", "benchmarks.retrieval", str(folder), "--threads", str(threads)]
    children = {
        peer: subprocess.Popen(
            [*command, "--serve", peer, metric, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=of_peers if peer not in OURS else of_peers | {"OPENBLAS_NUM_THREADS": "1"},
        )
        for peer in peers
    }
    found = {peer: _answer(child) for peer, child in children.items()}
    rounds_of: dict[str, list[dict[str, float]]] = {peer: [] for peer in peers}
    for _ in range(rounds):
        for peer, child in children.items():
            assert child.stdin is not None
            child.stdin.write("go\n")
            child.stdin.flush()
            rounds_of[peer].append(_answer(child))
    for child in children.values():
        child.communicate()
    for peer, line in found.items():
        for name, key in (("ms", "seconds"), ("cpu_ms", "cpu")):
            median = statistics.median(one[key] for one in rounds_of[peer])
            line[name] = round(1e3 * median / line["queries"], 4)
    return found


def _answer(child: subprocess.Popen[str]) -> dict[str, Any]:
    assert child.stdout is not None
    answer: dict[str, Any] = json.loads(child.stdout.readline())
    return answer


def compare(options: argparse.Namespace) -> None:
    """Measure and write the lines."""
    for name in options.configurations:
        step, segments, centers = map(int, name.split(","))
        encoded(options.folder, step, segments, centers)
        spectra(options.folder, "queries", QUERIES, step)
        for metric in options.metrics:
            peers = [peer for peer in options.peers if metric in METRICS[peer]]
            configuration = step, segments, centers
            found = measure(options.folder, configuration, metric, peers, options.threads, options.rounds)
            of_all = {"step": step, "segments": segments, "centers": centers, "metric": metric}
            of_all |= {"templates": TEMPLATES[step], "threads": options.threads, "rounds": options.rounds}
            for peer, line in found.items():
                for own in found.keys() & set(OURS) - {peer}:
                    line |= {f"{own}_ms": found[own]["ms"], own: round(line["ms"] / found[own]["ms"], 2)}
                _say(of_all | {"peer": peer} | line)


def summarise(files: list[Path]) -> None:
    """Write the bounds: ratios over the configurations that `files` hold."""
    lines = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    ratios: dict[tuple[str, str, str], dict[tuple[int, int, int], float]] = {}
    for line in lines:
        configuration = line["step"], line["segments"], line["centers"]
        for own in set(OURS) & line.keys():
            ratios.setdefault((line["metric"], line["peer"], own), {})[configuration] = line[own]
    for own in OURS:
        flat, pq = (ratios.get(("l2_squared", peer, own), {}) for peer in ("flat", "indexpq"))
        best = {c: min(flat[c], pq[c]) for c in flat.keys() & pq.keys()}
        ratios["l2_squared", "best of FAISS", own] = best
    for (metric, peer, own), of_all in sorted(ratios.items()):
        if of_all:
            mean, least = statistics.geometric_mean(of_all.values()), min(of_all.values())
            line = {"metric": metric, "peer": peer, "ours": own, "configurations": len(of_all)}
            _say(line | {"geometric_mean": round(mean, 2), "least": least})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument(
        "--configurations", nargs="*", default=[",".join(map(str, c)) for c in CONFIGURATIONS]
    )
    parser.add_argument("--peers", nargs="*", default=list(METRICS), choices=list(METRICS))
    parser.add_argument("--metrics", nargs="*", default=["l2_squared", "l2_sum"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--summary", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--serve", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.summary:
        summarise(options.summary)
    elif options.folder is None:
        parser.error("name the FOLDER of the spectra.")
    elif options.serve:
        peer, metric, name = options.serve
        step, segments, centers = map(int, name.split(","))
        serve(options.folder, peer, metric, (step, segments, centers), options.threads)
    else:
        compare(options)


if __name__ == "__main__":
    main()
