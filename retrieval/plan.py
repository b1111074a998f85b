"""Which way to search: what each would cost, and why one is chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from retrieval.products import QUERIES

PlanName = Literal["plain", "tables", "products"]

# Seconds on one busy core of 2024 (Zen 5, 3.7 GHz). Only their ratios matter.
ENTRY = 2.5e-9  # one float64 table entry of the plain definition, made
LOOKUP = {"numpy": 3e-9, "native": 1.2e-9, "numba": 1.5e-9}  # one entry, or one line of entries, added
LINE_ENTRY = {"native": 1.2e-11, "numba": 4e-11}  # one sample of one uint16 entry, made
PRODUCT = {"float32": 2e-11, "int16": 6.5e-12}  # one multiplication of a matrix product
DECODED = {"float32": 5e-9, "int16": 8e-9}  # one sample of a template, decoded and rounded
QUERY = 8e-5  # guesses and exact evaluations of one query
INDEXED = 6e-9  # one sample of a template, indexed
TOUCHED = 0.65  # share of the lookups that remain when hopeless templates are left out
SMALL_CACHE = 2**20  # bytes; larger tables are read from a slower cache


@dataclass(frozen=True)
class Plan:
    """How a search is done: "plain", "tables" or "products", estimated `seconds`, and the `reason`."""

    name: PlanName
    kernels: str
    seconds: float
    reason: str


@dataclass(frozen=True)
class Problem:
    """The size of a search."""

    templates: int
    queries: int
    segments: int
    centers: int
    width: int
    squared: bool
    threads: int
    integers: bool  # whether products run in 16-bit integers


def choose(problem: Problem, kernels: str, lanes: int, indexed: bool) -> Plan:
    """The cheapest plan for `problem` with the kernels called `kernels`, `lanes` queries to a block.

    `indexed` tells that the templates are indexed already, which the plain plan does without.
    """
    costs = estimates(problem, kernels, lanes, indexed)
    name = min(costs, key=lambda plan: costs[plan])
    others = ", ".join(f"{plan} {seconds:.3g} s" for plan, seconds in costs.items() if plan != name)
    size = f"{problem.templates} templates, {problem.queries} queries"
    reason = f"{_REASONS[name]} Estimated {costs[name]:.3g} s for {size}; {others or 'nothing else serves'}."
    return Plan(name, kernels, costs[name], reason)


def estimates(problem: Problem, kernels: str, lanes: int, indexed: bool) -> dict[PlanName, float]:
    """Estimated seconds of each plan that can serve."""
    n, q, m, k, w = (
        problem.templates,
        problem.queries,
        problem.segments,
        problem.centers,
        problem.width,
    )
    samples = m * w
    costs: dict[PlanName, float] = {
        "plain": (q * m * k * w * ENTRY + q * n * m * LOOKUP["numpy"]) / min(problem.threads, q)
    }
    if kernels == "numpy":
        return costs
    blocks = -(-q // lanes)
    threads = min(problem.threads, blocks)
    index = 0.0 if indexed else n * samples * INDEXED
    lookup = LOOKUP[kernels] * (1.0 if 16 * lanes * k <= SMALL_CACHE else 1.6)
    made = 2 * samples * k * lanes * LINE_ENTRY[kernels]
    costs["tables"] = index + (blocks * (made + n * m * TOUCHED * lookup) + q * QUERY) / threads
    if problem.squared:
        kind = "int16" if problem.integers else "float32"
        products = n * samples * (q * PRODUCT[kind] + -(-q // QUERIES) * DECODED[kind])
        costs["products"] = index + (products + q * QUERY) / problem.threads
    return costs


_REASONS: dict[PlanName, str] = {
    "plain": "The search is small: plain sums need no preparation.",
    "tables": "Blocked tables: few segments make few lookups, and hopeless templates are left out early.",
    "products": "Matrix products with decoded templates: so many segments would take longer to look up.",
}
