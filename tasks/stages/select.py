"""Freeze the selections into blocks of spectra and plan the chunks of every later stage."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from catalog import prepared
from catalog.models import CodeBlock, Codebook, CodebookBlock, Neighbour, Run, SpectrumBlock
from catalog.regions import regions_in_use
from catalog.runs import INT64, selection
from retrieval.grid import make_grid
from retrieval.profiles import DETECTION_STEP
from tasks.errors import JobError
from tasks.models import Chunk, Job
from tasks.states import RetrievalStage

SMALLEST_BLOCK, LARGEST_BLOCK, BLOCKS = 64, 2048, 16
"""Spectra of a block, and the number of blocks aimed at between: enough to share, large enough to be fast."""
TRAINING_COST = 1e9
"""Templates x centres x samples of one training chunk: some seconds."""

Part = SpectrumBlock.Part


def run(chunk: Chunk) -> Callable[[], None]:
    of_run = Run.objects.get(job=chunk.job_id)
    ids = {
        Part.TEMPLATES: selection(Part.TEMPLATES, of_run.template_selection).ids(),
        Part.QUERIES: selection(Part.QUERIES, of_run.query_selection).ids(),
    }
    for part, selected in ids.items():
        if selected.size == 0:
            raise JobError(f"The selection of {part.label} is empty by now: launch with another.")
    both = np.intersect1d(ids[Part.TEMPLATES], ids[Part.QUERIES], assume_unique=True)
    if both.size:
        raise JobError(f"{both.size} spectra are templates and queries by now: launch with others.")
    codebooks = list(of_run.codebooks.all())

    def write() -> None:
        # Only under the lease: a worker that was given up for dead must not empty arrays that others fill.
        for part, selected in ids.items():
            rows, block = selected.size, block_size(selected.size)
            for step in steps(codebooks, part):
                prepared.create(of_run, part=part, step=step, rows=rows, block=block)
        _forget(of_run)
        of_run.region_version = regions_in_use()
        of_run.save(update_fields=["region_version"])
        blocks = SpectrumBlock.objects.bulk_create(
            block for part, selected in ids.items() for block in _blocks(of_run, part, selected)
        )
        templates = [block for block in blocks if block.part == Part.TEMPLATES]
        queries = [block for block in blocks if block.part == Part.QUERIES]
        chunk.job.chunks.filter(stage_number__gt=chunk.stage_number).delete()
        Chunk.objects.bulk_create(_chunks(chunk.job, codebooks, templates, queries), batch_size=5000)

    return write


def _forget(of_run: Run) -> None:
    """Drop what an earlier attempt computed from an earlier selection."""
    for rows in (of_run.candidates, of_run.line_redshifts, of_run.blocks):
        rows.all().delete()
    for model in (Neighbour, CodeBlock, CodebookBlock):
        model.objects.filter(codebook__run=of_run).delete()
    of_run.codebooks.update(
        trained_at=None, encoded_at=None, inertia=None, n_templates=None, n_converged=None, iterations=None,
        plan="", n_bytes=0, train_seconds=0, encode_seconds=0, search_seconds=0,
    )  # fmt: skip


def steps(codebooks: list[Codebook], part: str) -> list[int]:
    """Sampling steps on which a part is prepared; queries also on the one that lines are searched on."""
    of_configurations = {codebook.step for codebook in codebooks}
    return sorted(of_configurations | {DETECTION_STEP} if part == Part.QUERIES else of_configurations)


def block_size(count: int) -> int:
    return min(LARGEST_BLOCK, max(SMALLEST_BLOCK, math.ceil(count / BLOCKS)))


def _blocks(of_run: Run, part: str, ids: NDArray[np.int64]) -> Iterator[SpectrumBlock]:
    size = block_size(ids.size)
    for number, first in enumerate(range(0, ids.size, size)):
        members = ids[first : first + size]
        yield SpectrumBlock(
            run=of_run, part=part, number=number, first=first, count=members.size,
            spectrum_ids=members.astype(INT64).tobytes(),
        )  # fmt: skip


def _chunks(
    job: Job, codebooks: list[Codebook], templates: list[SpectrumBlock], queries: list[SpectrumBlock]
) -> Iterator[Chunk]:
    """The chunks of all later stages; the costliest codebooks first, so that none is left for the end."""
    costly_first = sorted(codebooks, key=lambda codebook: -codebook.centers * make_grid(codebook.step).size)
    n_templates = sum(block.count for block in templates)

    def of_blocks(stage: RetrievalStage, blocks: list[SpectrumBlock]) -> Iterator[Chunk]:
        for number, block in enumerate(blocks):
            yield _chunk(job, stage, number, {"block": block.pk}, block.count)

    def of_codebooks(stage: RetrievalStage, blocks: list[SpectrumBlock]) -> Iterator[Chunk]:
        pairs = ((codebook, block) for codebook in costly_first for block in blocks)
        for number, (codebook, block) in enumerate(pairs):
            yield _chunk(job, stage, number, {"codebook": codebook.pk, "block": block.pk}, block.count)

    yield from of_blocks(RetrievalStage.PREPARE, templates + queries)
    yield from of_blocks(RetrievalStage.DETECT, queries)
    groups = (
        (codebook, first, count)
        for codebook in costly_first
        for first, count in _segment_groups(codebook, n_templates)
    )
    for number, (codebook, first, count) in enumerate(groups):
        payload = {"codebook": codebook.pk, "first": first, "segments": count}
        yield _chunk(job, RetrievalStage.TRAIN, number, payload, count)
    yield from of_codebooks(RetrievalStage.ENCODE, templates)
    yield from of_codebooks(RetrievalStage.SEARCH, queries)
    yield from of_blocks(RetrievalStage.CONFIRM, queries)
    yield from of_blocks(RetrievalStage.MEASURE, queries)
    yield _chunk(job, RetrievalStage.FINISH, 0, {}, 1)


def _segment_groups(codebook: Codebook, n_templates: int) -> Iterator[tuple[int, int]]:
    """First segment and number of segments of each training chunk, within one stripe of the store."""
    width = make_grid(codebook.step).size // codebook.segments
    affordable = int(TRAINING_COST // (n_templates * codebook.centers * width))
    size = max(1, min(prepared.STRIPE // width, affordable))
    for first in range(0, codebook.segments, size):
        yield first, min(size, codebook.segments - first)


def _chunk(job: Job, stage: RetrievalStage, number: int, payload: dict[str, int], work: int) -> Chunk:
    return Chunk(job=job, stage=stage, stage_number=stage.number, number=number, payload=payload, work=work)
