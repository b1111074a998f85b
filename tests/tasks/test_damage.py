"""What the database or the disk has lost of a run: the job fails with the numbers, and writes nothing."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from catalog import prepared
from catalog.models import CodeBlock, Codebook, CodebookBlock, Neighbour, Run, Spectrum
from tasks.models import Job, LogLine
from tasks.services import job_retry
from tasks.stages import select

from .conftest import CONFIGURATIONS, launch, work_off

pytestmark = pytest.mark.django_db


def opened(run: Run, stage: str) -> Callable[[], bool]:
    """Whether everything before a stage is done."""
    number = run.job.chunks.filter(stage=stage).values("stage_number")
    return lambda: (
        number.exists()
        and not run.job.chunks.filter(stage_number__lt=number[:1]).exclude(state="done").exists()
    )


def refused(run: Run, *says: str) -> Job:
    """The job goes on, and fails at the first attempt with these words."""
    job = work_off(run.job)
    assert job.state == "failed"
    for words in says:
        assert words in job.error
    assert job.chunks.get(state="failed").attempts == 1
    return job


def of(run: Run) -> Codebook:
    return run.codebooks.get()


def truncate(model: type[CodeBlock | CodebookBlock], codebook: Codebook, size: int) -> None:
    block = model.objects.filter(codebook=codebook).first()
    block.data = bytes(block.data)[:size]
    block.save()


def overwrite(model: type[CodeBlock | CodebookBlock], codebook: Codebook, value: bytes) -> None:
    block = model.objects.filter(codebook=codebook).first()
    block.data = value + bytes(block.data)[len(value) :]
    block.save()


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda book: truncate(CodebookBlock, book, 40), ["holds 40 bytes", "take 16000"]),
        # 8000 bytes would make a whole number of centres half as wide.
        (lambda book: truncate(CodebookBlock, book, 8000), ["holds 8000 bytes", "take 16000"]),
        (
            lambda book: overwrite(CodebookBlock, book, np.array([np.nan, np.inf], "<f4").tobytes()),
            ["2 values that are not finite"],
        ),
        (lambda book: book.blocks.first().delete(), ["holds 0 of 25 segments"]),
        (lambda book: book.blocks.last().delete(), ["holds 20 of 25 segments"]),
    ],
)
def test_a_damaged_codebook_ends_the_job(
    survey: None, damage: Callable[[Codebook], None], says: list[str]
) -> None:
    run = launch(configurations=CONFIGURATIONS[:1])
    work_off(run.job, until=opened(run, "encode"))
    damage(of(run))
    refused(run, f"of codebook {of(run).pk}" if "bytes" in says[0] else f"Codebook {of(run).pk}", *says)
    assert not CodeBlock.objects.filter(codebook=of(run)).exists()
    assert of(run).encoded_at is None


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (
            lambda book: truncate(CodeBlock, book, 100),
            ["holds 100 bytes", "45 templates of 25 segments take 1125"],
        ),
        (lambda book: overwrite(CodeBlock, book, b"\x63"), ["the code 99", "8 centres"]),
        (lambda book: book.code_blocks.all().delete(), ["codes of 0 templates", "trained on 45"]),
    ],
)
def test_damaged_codes_end_the_job(survey: None, damage: Callable[[Codebook], None], says: list[str]) -> None:
    run = launch(configurations=CONFIGURATIONS[:1])
    work_off(run.job, until=opened(run, "search"))
    damage(of(run))
    refused(run, f"odebook {of(run).pk}", "Launch a new run", *says)
    assert not Neighbour.objects.filter(codebook=of(run)).exists()


def test_codes_of_another_codebook_are_refused(survey: None) -> None:
    """Codes of 12 centres and 50 segments where 8 and 25 are wanted."""
    run = launch()
    work_off(run.job, until=opened(run, "search"))
    small, large = run.codebooks.order_by("centers")
    other = CodeBlock.objects.get(codebook=large)
    CodeBlock.objects.filter(codebook=small).update(data=other.data)
    refused(run, f"Block 0 of codebook {small.pk}", "holds 2250 bytes", "take 1125")
    assert not Neighbour.objects.filter(codebook=small).exists()


@pytest.mark.parametrize("stage", ["detect", "train", "encode", "search"])
def test_lost_prepared_spectra_are_told_and_made_again(survey: None, data_dir: Path, stage: str) -> None:
    whole = launch(configurations=CONFIGURATIONS[:1])
    work_off(whole.job)
    run = launch(configurations=CONFIGURATIONS[:1])
    work_off(run.job, until=opened(run, stage))
    part = "templates" if stage in ("train", "encode") else "queries"
    (prepared.folder(run) / f"{part}-2.zarr" / "c" / "0" / "0").unlink()
    refused(run, "values of", f"{part}-2.zarr", "are lost", f"remove {prepared.folder(run)} and retry")
    prepared.remove(run)
    job_retry(job_id=run.job.pk)
    assert work_off(run.job).state == "succeeded"
    checksums = Run.objects.filter(pk__in=[whole.pk, run.pk]).values_list("neighbours_sha256", flat=True)
    assert checksums[0] == checksums[1]


def spoil(spectrum: Spectrum, value: float) -> bytes:
    """Give every sample of a spectrum's file one value; returns the file as it was."""
    storage, name = spectrum.file.storage, spectrum.file.name
    with storage.open(name, "rb") as file:
        before = file.read()
    packed = name.endswith(".gz")
    changed = io.BytesIO()
    with fits.open(io.BytesIO(gzip.decompress(before) if packed else before)) as hdus:
        hdus[0].data[0] = value
        hdus.writeto(changed)
    with storage.open(name, "wb") as file:
        file.write(gzip.compress(changed.getvalue()) if packed else changed.getvalue())
    return before


def restore(spectrum: Spectrum, content: bytes) -> None:
    with spectrum.file.storage.open(spectrum.file.name, "wb") as file:
        file.write(content)


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_spectra_of_zeros_or_without_values_are_left_out(survey: None, value: float) -> None:
    chosen = [Spectrum.objects.filter(role=role).order_by("pk")[2] for role in ("template", "unknown")]
    before = [spoil(spectrum, value) for spectrum in chosen]
    try:
        run = launch(configurations=CONFIGURATIONS[:1])
        assert work_off(run.job).state == "succeeded"
    finally:
        for spectrum, content in zip(chosen, before, strict=True):
            restore(spectrum, content)
    run.refresh_from_db()
    assert (run.n_templates, run.n_queries, run.n_unusable) == (44, 36, 2)
    told = " ".join(LogLine.objects.filter(job=run.job, level="warning").values_list("message", flat=True))
    assert all(spectrum.name in told for spectrum in chosen)
    found = Neighbour.objects.filter(codebook__run=run)
    assert not found.filter(spectrum=chosen[1]).exists()
    assert not found.filter(template=chosen[0]).exists()


def test_a_block_without_a_usable_template_is_stored_empty(
    survey: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(select, "SMALLEST_BLOCK", 1)
    monkeypatch.setattr(select, "LARGEST_BLOCK", 1)
    template = Spectrum.objects.filter(role="template").order_by("pk")[2]
    before = spoil(template, 0.0)
    try:
        run = launch(configurations=CONFIGURATIONS[:1])
        assert work_off(run.job).state == "succeeded"
    finally:
        restore(template, before)
    counts = CodeBlock.objects.filter(codebook=of(run)).order_by("number").values_list("count", flat=True)
    assert list(counts) == [1, 1, 0] + [1] * 42
    assert Neighbour.objects.filter(codebook=of(run)).count() == 37
