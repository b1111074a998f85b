"""How far inspectors agree beyond chance, and how well they know what is known."""

from __future__ import annotations

import math
from collections import Counter


def cohen_kappa(pairs: Counter[tuple[str, str]]) -> float:
    """Cohen's kappa of two inspectors on the same candidates (Cohen 1960, Educ. Psychol. Meas. 20, 37).

    ``pairs`` counts the candidates on which they gave each pair of verdicts. 1 is full agreement, 0 what
    chance gives. NaN without pairs, or where both gave one and the same verdict throughout: chance then
    explains everything.
    """
    n = pairs.total()
    if not n:
        return math.nan
    observed = sum(count for (a, b), count in pairs.items() if a == b) / n
    first, second = Counter[str](), Counter[str]()
    for (a, b), count in pairs.items():
        first[a] += count
        second[b] += count
    return _beyond(observed, sum(first[verdict] * second[verdict] for verdict in first) / n**2)


def fleiss_kappa(votes: Counter[tuple[str, ...]]) -> float:
    """Fleiss' kappa of all inspectors (Fleiss 1971, Psychol. Bull. 76, 378).

    ``votes`` counts the candidates that got each set of verdicts. Those with fewer than two say nothing and
    are left out. Where the number of votes differs, each candidate counts by the share of its pairs of votes
    that agree, each vote by its verdict; with equal numbers that is Fleiss' formula. NaN as for Cohen's.
    """
    rated = {verdicts: count for verdicts, count in votes.items() if len(verdicts) > 1}
    if not rated:
        return math.nan
    agreeing, everything = 0.0, Counter[str]()
    for verdicts, count in rated.items():
        pairs = sum(n * (n - 1) for n in Counter(verdicts).values())
        agreeing += count * pairs / (len(verdicts) * (len(verdicts) - 1))
        for verdict in verdicts:
            everything[verdict] += count
    total = everything.total()
    chance = sum((n / total) ** 2 for n in everything.values())
    return _beyond(agreeing / sum(rated.values()), chance)


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
