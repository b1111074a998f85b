"""Training and encoding against their peers: FAISS and scikit-learn.

    python -m benchmarks.training FOLDER [--configurations 2,25,100 ...] [--parts train encode] >> lines
    python -m benchmarks.training --summary lines ...

All twelve configurations of the paper on simulated galaxies (`benchmarks.data`, kept in FOLDER): 177,270 at
step 2, 60,000 at step 1. Each measurement is a process of its own; ours and a peer take turns, several
rounds, and medians are compared. One JSON object a line: `ratio` is the peer's time over ours and `cpu_ratio`
the same of processor time, which says more on a busy machine; `inertia` is ours over the peer's (median over
the segments, and the worst), both over all spectra.

Training is measured on `--segments` segments spread over the spectrum, and a line says so; FAISS
takes 25 iterations, with the sample of points that is its default ("faiss") or with all points
("faiss-all"); scikit-learn is Lloyd's k-means, `n_init=1`. Encoding is of ENCODED spectra, with one
codebook of drawn spectra, padded for FAISS to a power of two of centres. The summary takes the last line of
each part, peer and configuration, and gives geometric means.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.data import spectra
from benchmarks.peers import environment
from retrieval.encode import encode
from retrieval.profiles import PAPER_CONFIGURATIONS, Configuration
from retrieval.train import train

SPECTRA = {2: 177_270, 1: 60_000}
ENCODED = 8192
THREADS = 2
FAR = 1e10  # where the centres stand that only pad a codebook


def _segments(config: Configuration, rows: NDArray[np.float32], count: int) -> list[NDArray[np.float32]]:
    """`count` segments spread over the spectrum, float32 (n, width) each."""
    width = rows.shape[1] // config.segments
    chosen = np.linspace(0, config.segments - 1, count + 2).astype(int)[1:-1]
    return [np.ascontiguousarray(rows[:, m * width : (m + 1) * width]) for m in chosen]


def _train(engine: str, centers: int, pieces: list[NDArray[np.float32]]) -> tuple[float, float, list[float]]:
    """Seconds for all `pieces`, and the inertia of each over all its points."""
    side = np.concatenate(pieces, axis=1) if engine == "ours" else None
    train(pieces[0][: 4 * centers], [0], centers)  # kernels are built before time is taken
    books: list[NDArray[np.float32]] = []
    began, cpu = time.perf_counter(), time.process_time()
    if engine == "ours":
        books = [one.centers for one in train(side, list(range(len(pieces))), centers, threads=THREADS)]
    for seed, piece in enumerate(pieces if engine != "ours" else []):
        if engine == "sklearn":
            from sklearn.cluster import KMeans

            books.append(KMeans(centers, n_init=1, random_state=seed).fit(piece).cluster_centers_)
        else:
            import faiss

            faiss.omp_set_num_threads(THREADS)
            most = 256 if engine == "faiss" else len(piece)
            means = faiss.Kmeans(piece.shape[1], centers, niter=25, seed=seed, max_points_per_centroid=most)
            means.train(piece)
            books.append(means.centroids)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    return seconds, cpu, [_inertia(piece, book) for piece, book in zip(pieces, books, strict=True)]


def _inertia(piece: NDArray[np.float32], book: NDArray[np.float32]) -> float:
    book = np.ascontiguousarray(book, dtype=np.float32)
    labels = encode(book[None], piece, np.uint16)[:, 0]
    return float(((piece.astype(np.float64) - book[labels]) ** 2).sum())


def _encode(engine: str, config: Configuration, rows: NDArray[np.float32]) -> tuple[float, float]:
    """Seconds, and of the processors, for the first ENCODED rows."""
    x = np.ascontiguousarray(rows[:ENCODED])
    width = x.shape[1] // config.segments
    drawn = rows[np.sort(np.random.default_rng(3).choice(len(rows), config.centers, replace=False))]
    book = np.ascontiguousarray(drawn.reshape(config.centers, config.segments, width).swapaxes(0, 1))
    if engine == "ours":
        dtype = np.uint8 if config.centers <= 256 else np.uint16
        encode(book, x[:64], dtype)
        began, cpu = time.perf_counter(), time.process_time()
        encode(book, x, dtype, threads=THREADS)
        return time.perf_counter() - began, time.process_time() - cpu
    import faiss

    faiss.omp_set_num_threads(THREADS)
    bits = (config.centers - 1).bit_length()
    padded = np.full((config.segments, 2**bits, width), FAR, dtype=np.float32)
    padded[:, : config.centers] = book
    quantizer = faiss.ProductQuantizer(x.shape[1], config.segments, bits)
    faiss.copy_array_to_vector(padded.ravel(), quantizer.centroids)
    quantizer.compute_codes(x[:64])
    began, cpu = time.perf_counter(), time.process_time()
    quantizer.compute_codes(x)
    return time.perf_counter() - began, time.process_time() - cpu


def _measure(args: argparse.Namespace) -> None:
    """One engine, one part, one configuration: a JSON object on standard output."""
    config = PAPER_CONFIGURATIONS[args.config]
    rows = spectra(args.folder, "templates", SPECTRA[config.step], config.step, mapped=True)
    if args.measure == "encode":
        (seconds, cpu), inertia = _encode(args.engine, config, rows), []
    else:
        seconds, cpu, inertia = _train(args.engine, config.centers, _segments(config, rows, args.segments))
    sys.stdout.write(json.dumps({"seconds": seconds, "cpu": cpu, "inertia": inertia}) + "\n")


def _compare(args: argparse.Namespace, part: str, index: int, peer: str) -> dict[str, object]:
    config = PAPER_CONFIGURATIONS[index]
    found: dict[str, list[dict[str, Any]]] = {"ours": [], peer: []}
    for _ in range(1 if peer == "sklearn" else args.rounds):
        for engine in found:
            command = [sys.executable, "-m", "benchmarks.training", str(args.folder), "--measure", part]
            command += ["--engine", engine, "--config", str(index), "--segments", str(args.segments)]
            done = subprocess.run(
                command, env=environment(THREADS), stdout=subprocess.PIPE, check=True, text=True
            )
            found[engine].append(json.loads(done.stdout))
    ours, theirs = (statistics.median(run["seconds"] for run in found[name]) for name in ("ours", peer))
    our_cpu, their_cpu = (statistics.median(run["cpu"] for run in found[name]) for name in ("ours", peer))
    line: dict[str, object] = {"part": part, "peer": peer, "step": config.step, "segments": config.segments}
    line |= {
        "centers": config.centers,
        "ratio": round(theirs / ours, 3),
        "cpu_ratio": round(their_cpu / our_cpu, 3),
        "ours_s": round(ours, 3),
        "peer_s": round(theirs, 3),
    }
    if part == "train":
        pairs = zip(found["ours"][0]["inertia"], found[peer][0]["inertia"], strict=True)
        shares = [a / b for a, b in pairs]
        line |= {
            "inertia": round(statistics.median(shares), 4),
            "worst": round(max(shares), 4),
            "measured": args.segments,
        }
    else:
        line["measured_rows"] = ENCODED
    return line


def _summarise(files: list[Path]) -> None:
    lines = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    found: dict[tuple[str, str], dict[tuple[int, int, int], dict[str, Any]]] = {}
    for line in lines:
        configuration = line["step"], line["segments"], line["centers"]
        found.setdefault((line["part"], line["peer"]), {})[configuration] = line
    for (part, peer), of_all in found.items():
        ratios = [line["ratio"] for line in of_all.values()]
        summary = {"part": part, "peer": peer, "configurations": len(ratios)}
        summary |= {"geometric_mean": round(statistics.geometric_mean(ratios), 2), "lowest": min(ratios)}
        if part == "train":
            summary["highest_inertia"] = max(line["inertia"] for line in of_all.values())
        sys.stdout.write(json.dumps(summary) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    names = [f"{config.step},{config.segments},{config.centers}" for config in PAPER_CONFIGURATIONS]
    parser.add_argument("--configurations", nargs="+", default=names, choices=names, metavar="STEP,M,K")
    parser.add_argument("--parts", nargs="+", default=["train", "encode"], choices=["train", "encode"])
    parser.add_argument("--peers", nargs="+", default=["faiss", "faiss-all", "sklearn"])
    parser.add_argument("--segments", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--summary", nargs="+", type=Path, metavar="FILE")
    for hidden in ("--measure", "--engine"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    parser.add_argument("--config", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.summary:
        _summarise(args.summary)
    elif args.folder is None:
        parser.error("name the FOLDER of the spectra.")
    elif args.measure:
        _measure(args)
    else:
        for name in args.configurations:
            for part in args.parts:
                for peer in args.peers if part == "train" else ["faiss"]:
                    line = _compare(args, part, names.index(name), peer)
                    sys.stdout.write(json.dumps(line) + "\n")
                    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
