"""What a run will cost, said before it is launched: a formula, calibrated once on one core of a 2 GHz server.

It is an estimate: machines differ by factors, and real spectra of many sizes and layouts too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from retrieval.grid import make_grid
from retrieval.profiles import DETECTION_STEP, Configuration

from .states import RetrievalStage as Stage

READ_SECONDS = 3.5e-3  # read one file and put it on the grids
DETECT_SECONDS = 0.8e-3  # lines and redshift of one spectrum
TRAIN_SECONDS = 6e-9  # per template, centre and sample
SEGMENT_SECONDS = 4e-3  # to begin one segment's k-means
ENCODE_SECONDS = 5e-10  # per template, centre and sample
TABLE_SECONDS = 2.2e-9  # per query, centre and sample
LOOKUP_SECONDS = 7e-10  # per query, template and segment
CONFIRM_SECONDS = 8e-5  # per query and configuration
MEASURE_SECONDS = 16e-3  # per candidate
CANDIDATE_SHARE = 0.1  # of queries, more than the paper's 16,188 of 492,938
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

    Training grows with templates x centres x samples, searching with queries x (centres x samples +
    templates x segments).
    """
    samples = {c: make_grid(c.step).size for c in configurations}
    steps = {c.step for c in configurations}
    work = {
        Stage.SELECT: 0.05 + 2e-6 * (templates + queries),
        Stage.PREPARE: READ_SECONDS * (templates + queries),
        Stage.DETECT: DETECT_SECONDS * queries,
        Stage.TRAIN: sum(
            TRAIN_SECONDS * templates * c.centers * samples[c] + SEGMENT_SECONDS * c.segments
            for c in configurations
        ),
        Stage.ENCODE: sum(ENCODE_SECONDS * templates * c.centers * samples[c] for c in configurations),
        Stage.SEARCH: queries
        * sum(
            TABLE_SECONDS * c.centers * samples[c] + LOOKUP_SECONDS * templates * c.segments
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
