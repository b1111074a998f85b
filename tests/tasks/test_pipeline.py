"""The stages against plain computations on the same spectra."""

from __future__ import annotations

import hashlib
import math
from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from catalog.arrays import load_spectrum
from catalog.contributions import configuration_results
from catalog.models import Candidate, LineRedshift, Neighbour, RegionMatch, Run, Spectrum
from retrieval import ProductQuantizer, detect_lines, line_redshift, prepare
from retrieval.masks import bad_pixels
from tasks.leases import claim
from tasks.models import Chunk, LogLine
from tasks.stages import select, stages_of
from tasks.work import do

from .conftest import CONFIGURATIONS, launch, work_off

pytestmark = pytest.mark.django_db


def matrix(role: str, step: int) -> tuple[list[Spectrum], np.ndarray]:
    """Spectra of a role by id, and their prepared rows."""
    spectra = list(Spectrum.objects.filter(role=role).order_by("pk"))
    rows = []
    for spectrum in spectra:
        observed = load_spectrum(spectrum)
        bad = bad_pixels(observed.andmask, observed.ivar)
        rows.append(prepare(observed.wavelength, observed.flux, step=step, mask=bad)[0])
    return spectra, np.array(rows)


def test_a_run_equals_the_plain_computation(survey: None) -> None:
    run = launch(seed=3)
    job = work_off(run.job)
    assert (job.state, job.error) == ("succeeded", "")
    ended = [line.message.split(":")[0] for line in job.log.all() if ": done" in line.message]
    assert ended == [stage.label for stage in stages_of(job)]
    run.refresh_from_db()

    z_cl = {}
    queries, rows = matrix("unknown", 2)
    grid = np.arange(3900.0, 8900.0, 2.0)
    for spectrum, row in zip(queries, rows, strict=True):
        if found := line_redshift(detect_lines(grid, row)):
            z_cl[spectrum.pk] = found.value
    assert dict(LineRedshift.objects.filter(run=run).values_list("spectrum_id", "z")) == z_cl
    assert z_cl, "the survey is meant to show lines"

    agreeing: dict[int, list[tuple[float, float]]] = {}
    for codebook in run.codebooks.all():
        templates, T = matrix("template", codebook.step)
        _, Q = matrix("unknown", codebook.step)
        pq = ProductQuantizer(codebook.segments, codebook.centers, "l2_sum", seed=3).fit(T)
        index, distance = pq.search(Q, pq.encode(T))
        expected = [
            (query.pk, templates[i].pk, 1, float(d), templates[i].z)
            for query, i, d in zip(queries, index[:, 0], distance[:, 0], strict=True)
        ]
        stored = Neighbour.objects.filter(codebook=codebook).order_by("spectrum_id")
        assert list(stored.values_list("spectrum_id", "template_id", "rank", "distance", "z")) == expected
        assert codebook.inertia == math.fsum(pq.inertia)
        ended = [(one.inertia, one.iterations, one.gain) for one in pq.trainings]
        blocks = codebook.blocks.values_list("inertias", "iterations", "gains")
        assert [one for block in blocks for one in zip(*block, strict=True)] == ended
        assert codebook.n_converged == sum(one.converged for one in pq.trainings)
        assert codebook.iterations == max(one.iterations for one in pq.trainings)
        for query, _, _, _, z_rt in expected:
            if query in z_cl and abs(z_cl[query] - z_rt) <= 0.001:
                agreeing.setdefault(query, []).append((abs(z_cl[query] - z_rt), z_rt))

    candidates = {row.spectrum_id: row for row in Candidate.objects.filter(run=run)}
    assert set(candidates) == set(agreeing)
    assert candidates
    for pk, row in candidates.items():
        assert row.z_cl == z_cl[pk]
        assert row.z_rt == min(agreeing[pk])[1]
        assert row.n_configurations == len(agreeing[pk])
        below = max(abs(row.z_cl), abs(row.z_rt)) * 299792.458 < 500
        assert row.kind == ("nebula" if below else "galaxy")
        assert row.measured_at is not None
        assert row.measurements.exists()

    assert (run.n_templates, run.n_queries, run.n_unusable) == (45, 37, 0)
    assert (run.n_line_redshifts, run.n_candidates) == (len(z_cl), len(candidates))
    assert run.completed_at is not None
    assert run.profile == "custom"
    results = configuration_results(run)
    assert sum(result.adds for result in results) == len(candidates)


def test_the_checksum_is_over_configuration_spectrum_template_and_distance(survey: None) -> None:
    run = launch()
    work_off(run.job)
    run.refresh_from_db()
    digest = hashlib.sha256()
    for codebook in run.codebooks.order_by("step", "segments", "centers"):
        rows = Neighbour.objects.filter(codebook=codebook).select_related(
            "spectrum__release", "template__release"
        )
        for row in sorted(rows, key=lambda row: row.spectrum.name.encode()):
            fields = [codebook.label, row.spectrum.release.slug, row.spectrum.name, row.rank]
            fields += [row.template.release.slug, row.template.name, repr(row.distance)]
            digest.update(("\t".join(map(str, fields)) + "\n").encode())
    assert run.neighbours_sha256 == digest.hexdigest()


def test_the_seed_decides_and_the_cut_into_chunks_does_not(
    survey: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def checksum(**changes: object) -> str:
        run = launch(**changes)
        work_off(run.job)
        return Run.objects.get(pk=run.pk).neighbours_sha256

    first = checksum(seed=1)
    assert checksum(seed=1, configurations=CONFIGURATIONS[::-1]) == first  # again, and in another order
    assert checksum(seed=2) != first
    monkeypatch.setattr(select, "SMALLEST_BLOCK", 7)
    monkeypatch.setattr(select, "LARGEST_BLOCK", 7)
    monkeypatch.setattr(select, "TRAINING_COST", 1)
    run = launch(seed=1)
    work_off(run.job)
    assert run.job.chunks.filter(stage="search").count() == 2 * 6
    assert run.job.chunks.filter(stage="train").count() == 25 + 50
    run.refresh_from_db()
    assert run.neighbours_sha256 == first


def test_a_worker_given_up_for_dead_that_selects_late_empties_nothing(survey: None) -> None:
    untouched = launch(seed=1)
    work_off(untouched.job)
    run = launch(seed=1)
    late = claim(run.job.pk)
    Chunk.objects.filter(pk=late.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    work_off(run.job, until=lambda: run.job.chunks.filter(stage="detect", state="done").exists())
    do(late)
    assert work_off(run.job).state == "succeeded"
    checksums = Run.objects.filter(pk__in=[untouched.pk, run.pk]).values_list("neighbours_sha256", flat=True)
    assert checksums[0] == checksums[1]


def test_metric_and_normalisation_reach_the_search(survey: None) -> None:
    checksums = set()
    for metric in ("l2_sum", "l2_squared"):
        for normalization in ("l2", "as_printed"):
            run = launch(metric=metric, normalization=normalization, configurations=CONFIGURATIONS[:1])
            work_off(run.job)
            run.refresh_from_db()
            assert (run.metric, run.normalization) == (metric, normalization)
            checksums.add(run.neighbours_sha256)
    assert len(checksums) == 4


def test_a_spectrum_that_cannot_be_prepared_is_named_counted_and_left_out(survey: None) -> None:
    broken = Spectrum.objects.filter(role="unknown").order_by("pk")[4]
    with broken.file.storage.open(broken.file.name, "rb") as file:
        whole = file.read()
    try:
        with broken.file.storage.open(broken.file.name, "wb") as file:
            file.write(whole[:1000])
        run = launch(configurations=CONFIGURATIONS[:1])
        assert work_off(run.job).state == "succeeded"
    finally:
        with broken.file.storage.open(broken.file.name, "wb") as file:
            file.write(whole)
    run.refresh_from_db()
    assert (run.n_queries, run.n_unusable) == (36, 1)
    assert not Neighbour.objects.filter(codebook__run=run, spectrum=broken).exists()
    (line,) = LogLine.objects.filter(job=run.job, level="warning")
    assert broken.name in line.message
    assert line.message.startswith("1 of 37 queries")


def test_too_few_usable_templates_end_the_job_with_the_numbers(survey: None) -> None:
    run = launch(configurations=[CONFIGURATIONS[0].__class__(2, 25, 45)])
    gone = Spectrum.objects.filter(role="template").first()
    work_off(run.job, until=lambda: run.job.chunks.filter(stage="prepare").exists())
    gone.delete()
    job = work_off(run.job)
    assert job.state == "failed"
    assert "45 centres need at least as many templates; there are 44" in job.error
    assert job.chunks.get(state="failed").attempts == 1


def test_one_spectrum_of_a_source_stands_for_it(survey: None) -> None:
    run = launch()
    work_off(run.job)
    by_source: dict[int, list[Candidate]] = {}
    for candidate in run.candidates.select_related("spectrum"):
        by_source.setdefault(candidate.spectrum.source_id, []).append(candidate)
    for group in by_source.values():
        best = max(group, key=lambda candidate: candidate.spectrum.snr_r)
        assert [candidate for candidate in group if candidate.is_primary] == [best]


def test_nebulae_follow_regions_and_the_diagnostic(survey: None) -> None:
    run = launch()
    work_off(run.job)
    nebulae = run.candidates.filter(kind="nebula").select_related("spectrum", "region")
    assert nebulae
    for nebula in nebulae:
        best = RegionMatch.objects.filter(spectrum=nebula.spectrum, is_best=True).first()
        assert nebula.region == (best.region if best else None)
        new = True if nebula.nebula_state == "H II-like" else None
        assert nebula.new_found == (False if best else new)
    run.refresh_from_db()
    assert run.region_version == "Lu2022 Table 2"
