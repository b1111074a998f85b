"""The stages: one module each, all of one signature.

A stage's ``run(chunk)`` computes outside any transaction and returns a function that writes the result. The
loop calls that in the transaction that proves the lease and marks the chunk done. Both may happen again after
a kill: computing is deterministic, writing replaces what an earlier attempt left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tasks.models import Chunk, Job
from tasks.states import CounterpartStage, ImportStage, RetrievalStage

from . import (
    confirm,
    counterparts_ask,
    counterparts_finish,
    counterparts_list,
    detect,
    encode,
    finish,
    import_files,
    import_finish,
    import_list,
    measure,
    prepare,
    search,
    select,
    train,
)

Write = Callable[[], None]


@dataclass(frozen=True)
class Stage:
    """A stage of a job: name, label, what its work is counted in ("" for one step), what it does."""

    name: str
    label: str
    unit: str
    function: Callable[[Chunk], Write]


def _stage(
    name: RetrievalStage | ImportStage | CounterpartStage, unit: str, function: Callable[[Chunk], Write]
) -> Stage:
    return Stage(name.value, str(name.label), unit, function)


RETRIEVAL: tuple[Stage, ...] = (
    _stage(RetrievalStage.SELECT, "", select.run),
    _stage(RetrievalStage.PREPARE, "spectra", prepare.run),
    _stage(RetrievalStage.DETECT, "spectra", detect.run),
    _stage(RetrievalStage.TRAIN, "segments", train.run),
    _stage(RetrievalStage.ENCODE, "codes", encode.run),
    _stage(RetrievalStage.SEARCH, "searches", search.run),
    _stage(RetrievalStage.CONFIRM, "spectra", confirm.run),
    _stage(RetrievalStage.MEASURE, "spectra", measure.run),
    _stage(RetrievalStage.FINISH, "", finish.run),
)
IMPORT: tuple[Stage, ...] = (
    _stage(ImportStage.LIST, "", import_list.run),
    _stage(ImportStage.IMPORT, "files", import_files.run),
    _stage(ImportStage.FINISH, "", import_finish.run),
)
COUNTERPARTS: tuple[Stage, ...] = (
    _stage(CounterpartStage.LIST, "", counterparts_list.run),
    _stage(CounterpartStage.ASK, "sources", counterparts_ask.run),
    _stage(CounterpartStage.FINISH, "", counterparts_finish.run),
)
STAGES: dict[str, tuple[Stage, ...]] = {
    Job.Kind.RETRIEVAL: RETRIEVAL,
    Job.Kind.IMPORT: IMPORT,
    Job.Kind.COUNTERPARTS: COUNTERPARTS,
}


def stages_of(job: Job) -> tuple[Stage, ...]:
    """The stages of a job, by stage number."""
    return STAGES[job.kind]
