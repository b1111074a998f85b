"""The definitions, as plain loops: slow, and obviously right."""

from __future__ import annotations

import math

import numpy as np


def encode(codebook: np.ndarray, vector: np.ndarray) -> list[int]:
    """The nearest centre of each segment; ties to the lowest."""
    segments, centers, width = codebook.shape
    codes = []
    for m in range(segments):
        best, lowest = 0, math.inf
        for c in range(centers):
            squared = 0.0
            for j in range(width):
                difference = float(vector[m * width + j]) - float(codebook[m, c, j])
                squared += difference * difference
            if squared < lowest:
                best, lowest = c, squared
        codes.append(best)
    return codes


def distance(codebook: np.ndarray, codes: np.ndarray, query: np.ndarray, metric: str) -> float:
    """Asymmetric distance of a query to one encoded template."""
    segments, _, width = codebook.shape
    total = 0.0
    for m in range(segments):
        squared = 0.0
        for j in range(width):
            difference = float(query[m * width + j]) - float(codebook[m, codes[m], j])
            squared += difference * difference
        total += math.sqrt(squared) if metric == "l2_sum" else squared
    return total


def search(
    codebook: np.ndarray, codes: np.ndarray, query: np.ndarray, metric: str, k: int
) -> tuple[list[int], list[np.float32]]:
    """The k nearest templates, nearest first, ties to the lowest index."""
    ranked = sorted((distance(codebook, row, query, metric), i) for i, row in enumerate(codes))[:k]
    return [i for _, i in ranked], [np.float32(d) for d, _ in ranked]


def votes(centers: list[float], fluxes: list[float], rest: list[float], tolerance: float, lowest: float):
    """Every group of one detection per line that agrees: (number of lines, flux, scatter, mean z)."""
    options = [[None, *range(len(centers))] for _ in rest]
    groups = []

    def extend(line: int, chosen: list[tuple[int, int]]) -> None:
        if line == len(rest):
            z = [centers[d] / rest[i] - 1.0 for i, d in chosen]
            apart = len({detection for _, detection in chosen}) == len(z)
            if z and apart and max(z) - min(z) <= tolerance and min(z) >= lowest:
                groups.append(
                    (len(z), sum(fluxes[d] for _, d in chosen), float(np.std(z)), float(np.mean(z)))
                )
            return
        for option in options[line]:
            extend(line + 1, chosen if option is None else [*chosen, (line, option)])

    extend(0, [])
    return groups
