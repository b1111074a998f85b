"""The stages: one module each, all of one signature.

A stage's ``run(chunk)`` computes outside any transaction and returns a function that writes the result. The
loop calls that in the transaction that proves the lease and marks the chunk done. Both may happen again after
a kill: computing is deterministic, writing replaces what an earlier attempt left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tasks.models import Chunk, Job
from tasks.states import RetrievalStage

from . import confirm, detect, encode, finish, measure, prepare, search, select, train

Write = Callable[[], None]


@dataclass(frozen=True)
class Stage:
    """A stage of a job: its name, label, the unit its work is counted in, and what it does."""

    name: str
    label: str
    unit: str
    function: Callable[[Chunk], Write]


def _stage(name: RetrievalStage, unit: str, function: Callable[[Chunk], Write]) -> Stage:
    return Stage(name.value, name.label, unit, function)


RETRIEVAL: tuple[Stage, ...] = (
    _stage(RetrievalStage.SELECT, "selections", select.run),
    _stage(RetrievalStage.PREPARE, "spectra", prepare.run),
    _stage(RetrievalStage.DETECT, "spectra", detect.run),
    _stage(RetrievalStage.TRAIN, "segments", train.run),
    _stage(RetrievalStage.ENCODE, "codes", encode.run),
    _stage(RetrievalStage.SEARCH, "searches", search.run),
    _stage(RetrievalStage.CONFIRM, "spectra", confirm.run),
    _stage(RetrievalStage.MEASURE, "spectra", measure.run),
    _stage(RetrievalStage.FINISH, "runs", finish.run),
)

STAGES: dict[str, tuple[Stage, ...]] = {Job.Kind.RETRIEVAL: RETRIEVAL}


def stages_of(job: Job) -> tuple[Stage, ...]:
    """The stages of a job, by stage number."""
    return STAGES[job.kind]
