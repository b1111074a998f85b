"""FAISS's answers to a search, in a process of its own: two OpenMP runtimes in one may crash at exit.

python -m tests.retrieval.faiss_peer PROBLEM.npz ANSWERS.npz
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np


def ask(folder: Path, **problem: np.ndarray | int) -> dict[str, np.ndarray]:
    """What FAISS says of `book` (segments, 2**bits, width), `codes`, `queries`, `vectors` and `k`.

    `pq_*` is IndexPQ over the codes, `flat_*` IndexFlatL2 over the decoded templates: squared distances and
    indices (q, k). `codes` are those that it gives to the vectors.
    """
    given, answered = folder / "problem.npz", folder / "answers.npz"
    np.savez(given, **problem)
    command = [sys.executable, "-m", "tests.retrieval.faiss_peer", str(given), str(answered)]
    subprocess.run(command, cwd=Path(__file__).resolve().parents[2], check=True, timeout=120)
    with np.load(answered) as answers:
        return dict(answers)


def main(given: str, answered: str) -> None:
    import faiss

    with np.load(given) as problem:
        book, codes, queries, vectors = (problem[name] for name in ("book", "codes", "queries", "vectors"))
        k = int(problem["k"])
    segments, centers, width = book.shape
    bits = centers.bit_length() - 1
    pq = faiss.IndexPQ(segments * width, segments, bits)
    faiss.copy_array_to_vector(book.ravel(), pq.pq.centroids)
    pq.is_trained = True
    pq.add_sa_codes(faiss.pack_bitstrings(codes.astype(np.int32), bits))
    flat = faiss.IndexFlatL2(segments * width)
    flat.add(book[np.arange(segments), codes].reshape(len(codes), -1))
    pq_distance, pq_index = pq.search(queries, k)
    flat_distance, flat_index = flat.search(queries, k)
    own = faiss.unpack_bitstrings(pq.pq.compute_codes(vectors), segments, bits)
    np.savez(
        answered,
        pq_distance=pq_distance, pq_index=pq_index, flat_distance=flat_distance, flat_index=flat_index,
        codes=own,
    )  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
