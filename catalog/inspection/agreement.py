"""How far inspectors agree beyond chance, and how well they know what is known."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence


def cohen_kappa(pairs: Sequence[tuple[str, str]]) -> float:
    """Cohen's kappa of two inspectors on the same candidates (Cohen 1960, Educ. Psychol. Meas. 20, 37).

    1 is full agreement, 0 what chance gives. NaN without pairs, or where both gave one and the same verdict
    throughout: chance then explains everything.
    """
    if not pairs:
        return math.nan
    n = len(pairs)
    observed = sum(a == b for a, b in pairs) / n
    first, second = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    return _beyond(observed, sum(first[verdict] * second[verdict] for verdict in first) / n**2)


def fleiss_kappa(votes: Sequence[Sequence[str]]) -> float:
    """Fleiss' kappa of all inspectors; ``votes`` holds the verdicts on each candidate (Fleiss 1971,
    Psychol. Bull. 76, 378).

    Candidates with fewer than two votes say nothing and are left out. Where the number of votes differs, each
    candidate counts by the share of its pairs of votes that agree, each vote by its verdict; with equal
    numbers that is Fleiss' formula. NaN as for Cohen's.
    """
    rated = [Counter(verdicts) for verdicts in votes if len(verdicts) > 1]
    if not rated:
        return math.nan
    agreeing = [
        sum(n * (n - 1) for n in counts.values()) / (counts.total() * (counts.total() - 1))
        for counts in rated
    ]
    everything = sum(rated, Counter[str]())
    total = everything.total()
    return _beyond(sum(agreeing) / len(rated), sum((n / total) ** 2 for n in everything.values()))


def wilson_interval(successes: int, trials: int, *, deviate: float = 1.959964) -> tuple[float, float]:
    """Wilson's score interval of a proportion (Wilson 1927, J. Am. Stat. Assoc. 22, 209); 95% by default.

    The whole range 0 to 1 without trials.
    """
    if trials == 0:
        return 0.0, 1.0
    share, z2 = successes / trials, deviate**2
    centre = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = deviate / (1 + z2 / trials) * math.sqrt(share * (1 - share) / trials + z2 / (4 * trials**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def _beyond(observed: float, by_chance: float) -> float:
    return math.nan if by_chance == 1 else (observed - by_chance) / (1 - by_chance)
