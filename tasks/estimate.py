"""What a run will cost, said before it is launched: a formula of counts.

Calibrated with the paper's twelve configurations on 3,300 simulated templates and 2,000 queries. It is an
estimate: machines differ by factors, and so do real spectra of many sizes and layouts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from retrieval import train
from retrieval.grid import make_grid
from retrieval.index import SAMPLE
from retrieval.profiles import DETECTION_STEP, Configuration

from .stages.select import TRAINING_COST, block_size
from .states import RetrievalStage as Stage

READ_SECONDS = 5e-3  # read one file and put it on the grids
DETECT_SECONDS = 1.3e-3  # lines and redshift of one spectrum
CENTER_SECONDS = 8e-11  # weigh one segment of a template against one centre
SAMPLE_SECONDS = 2.2e-11  # each sample of that
SEGMENT_SECONDS = 4e-3  # to begin one segment's k-means
INDEX_SECONDS = 6e-9  # per sample of a template and worker: decode and project it
COMPONENTS_SECONDS = 4e-8  # the same of those templates that the principal components are learnt from
QUERY_SECONDS = 5e-5  # per query: guesses, and what is evaluated exactly
TABLE_SECONDS = 1.2e-10  # per query, centre and sample
LOOKUP_SECONDS = 3e-11  # per query, template and segment
CONFIRM_SECONDS = 8e-5  # per query and configuration
MEASURE_SECONDS = 16e-3  # per candidate
CANDIDATE_SHARE = 0.1  # of queries, more than the paper's 16,188 of 492,938
CHUNK_SECONDS = 0.045  # to take up a chunk, read what it needs, and store what it gives
STAGE_SECONDS = 0.1  # until the workers have begun a stage


@dataclass(frozen=True)
class Estimate:
    """Seconds by stage and in all with the given workers; bytes on disk while it runs and in the database."""

    stages: dict[str, float]
    seconds: float
    prepared_bytes: int
    database_bytes: int

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def estimate(
    *, configurations: Sequence[Configuration], templates: int, queries: int, workers: int
) -> Estimate:
    """Time and space of a run from its counts.

    Training and encoding grow with templates x centres x samples, searching with queries x (centres x samples
    + templates x segments).
    """
    samples = {c: make_grid(c.step).size for c in configurations}
    steps = {c.step for c in configurations}
    weighed = {
        c: c.centers * (CENTER_SECONDS * c.segments + SAMPLE_SECONDS * samples[c]) for c in configurations
    }
    template_chunks, query_chunks = (math.ceil(n / block_size(n)) if n else 0 for n in (templates, queries))
    work = {
        Stage.SELECT: 0.05 + 2e-6 * (templates + queries),
        Stage.PREPARE: READ_SECONDS * (templates + queries),
        Stage.DETECT: DETECT_SECONDS * queries,
        Stage.TRAIN: sum(
            weighed[c] * training_passes(templates, c.centers)
            + SEGMENT_SECONDS * c.segments
            + CHUNK_SECONDS * (1 + templates * c.centers * samples[c] / TRAINING_COST)
            for c in configurations
        ),
        Stage.ENCODE: sum(templates * weighed[c] + CHUNK_SECONDS * template_chunks for c in configurations),
        Stage.SEARCH: sum(
            queries
            * (
                QUERY_SECONDS
                + TABLE_SECONDS * c.centers * samples[c]
                + LOOKUP_SECONDS * templates * c.segments
            )
            + CHUNK_SECONDS * query_chunks
            + workers * samples[c] * (INDEX_SECONDS * templates + COMPONENTS_SECONDS * min(templates, SAMPLE))
            for c in configurations
        ),
        Stage.CONFIRM: CONFIRM_SECONDS * queries * len(configurations),
        Stage.MEASURE: MEASURE_SECONDS * CANDIDATE_SHARE * queries,
        Stage.FINISH: 0.05 + 2e-6 * queries * len(configurations),
    }
    stages = {stage.value: round(seconds / workers + STAGE_SECONDS, 3) for stage, seconds in work.items()}
    template_samples = sum(make_grid(step).size for step in steps)
    query_samples = sum(make_grid(step).size for step in steps | {DETECTION_STEP})
    codes = sum(c.segments * (1 if c.centers <= 256 else 2) for c in configurations)
    return Estimate(
        stages=stages,
        seconds=round(sum(stages.values()), 1),
        prepared_bytes=4 * (templates * template_samples + queries * query_samples),
        database_bytes=templates * codes
        + sum(4 * c.centers * samples[c] for c in configurations)
        + 160 * queries * len(configurations),
    )


def training_passes(templates: int, centers: int) -> float:
    """How many templates the k-means of a segment weighs against its centres in all: see retrieval.train."""
    many = centers > train.FEW_CENTERS
    least, most = train.SECOND_SAMPLE
    first = train.FIRST_SAMPLE * centers
    second = min(most, max(least, templates // (2 * centers))) * centers
    weighed = min(templates, first) * (train.TRIALS[many] + train.SAMPLE_ITERATIONS)
    if second < templates:
        weighed += second * train.SAMPLE_ITERATIONS
    return weighed + train.ITERATIONS[many] * templates
