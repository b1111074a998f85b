"""The demonstration held against its truth, with services that fail."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from django.core.management import call_command

from catalog.counterparts.demo import demo_snapshots, simulated_objects
from catalog.models import CounterpartLookup, Outage
from catalog.validation.numbers import (
    NO_REGION,
    NOT_FOUND,
    PLANTED,
    THAT_REGION,
    UNDECIDED,
    Matrix,
    new_flag,
    validate,
)
from retrieval.simulate.counterparts import counterpart_tables
from retrieval.simulate.objects import GALAXIES, NEBULAE
from tasks.services import counterparts_launch
from tests.catalog.counterparts.server import FAULTS, Sky

from .conftest import COUNTS, launch, work_off
from .test_counterparts import place

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("survey", "data_dir")]
THREE = ("simbad", "sdss", "ned")
WITHOUT_LINES = ("F star", "noise")


def total(matrix: Matrix) -> int:
    return sum(matrix.counts.values())


def play(sky: Sky) -> None:
    """Let the played services hold what the simulated catalogues hold."""
    for service, table in counterpart_tables(simulated_objects()).items():
        if service in THREE:
            sky[service].objects = [
                place(service, number, float(row["ra"]), float(row["dec"]))
                for number, row in enumerate(table)
            ]
    sky["xmatch"].objects = [
        {"main_id": o["main_id"], "ra": o["ra"], "dec": o["dec"], "main_type": "G", "redshift": 0.1}
        for o in sky["simbad"].objects
    ]


def test_the_demonstration_keeps_honest_bounds(sky: Sky, tmp_path: Path) -> None:
    run = launch()
    assert work_off(run.job).state == "succeeded"
    run.refresh_from_db()
    found = validate(run=run)
    assert found.judged == found.n_queries == sum(COUNTS.unknowns.values())
    with_lines = sum(n for kind, n in COUNTS.unknowns.items() if kind not in WITHOUT_LINES)
    assert sum(bin_.with_lines for bin_ in found.by_peak) == with_lines
    assert sum(bin_.queries for bin_ in found.by_snr_r) == found.judged
    assert sum(bin_.candidates for bin_ in found.by_snr_r) == run.n_candidates
    assert sum(found.kinds.counts[kind, NOT_FOUND] for kind in found.kinds.rows) == (
        found.judged - run.n_candidates
    )
    # Bright lines are found, and what is found is right; noise makes next to no candidate.
    bright = [bin_ for bin_ in found.by_peak if bin_.low >= 15]
    shown = sum(bin_.with_lines for bin_ in bright)
    assert sum(bin_.line_right for bin_ in bright) >= 0.9 * shown > 10
    assert sum(bin_.right for bin_ in bright) >= 0.5 * shown
    right = sum(bin_.right for bin_ in found.by_snr_r)
    assert right >= 0.9 * run.n_candidates > 10
    assert found.line_free.candidates <= 1
    kinds, nebulae = found.kinds.counts, found.nebulae.counts
    assert total(found.classes) == sum(kinds[kind, "galaxy"] for kind in GALAXIES) > 0
    assert found.classes.counts["star-forming", "Seyfert"] == found.classes.counts["Seyfert", "LINER"] == 0
    assert total(found.nebulae) == sum(kinds[kind, "nebula"] for kind in NEBULAE) > 5
    assert nebulae["planetary nebula", "H II-like"] == nebulae["H II region", "PN-like"] == 0
    assert found.regions.counts["inside a region", THAT_REGION] > 0
    assert total(found.regions) == (
        found.regions.counts["inside a region", THAT_REGION] + found.regions.counts["outside all", NO_REGION]
    )
    assert found.new is None

    play(sky)
    rng = random.Random(4)
    faults = [fault for fault in FAULTS if fault not in ("hang", "trickle")]
    for service in (*THREE, "xmatch"):
        sky[service].faults = [rng.choice(faults) for _ in range(20)]
    assert work_off(counterparts_launch(run=run, services=THREE)).state == "succeeded"
    assert CounterpartLookup.objects.filter(outcome="failed").exists()
    demo_snapshots(folder=tmp_path)
    amid_faults = new_flag(run=run)
    assert amid_faults
    assert amid_faults.matrix.counts[PLANTED, "new"] == 0
    assert sum(n for (_, called), n in amid_faults.matrix.counts.items() if called == UNDECIDED) > 0

    Outage.objects.all().delete()
    for service in (*THREE, "xmatch"):
        sky[service].faults = []
    assert work_off(counterparts_launch(run=run, services=THREE)).state == "succeeded"
    answered = new_flag(run=run)
    assert answered
    assert answered.matrix.counts[PLANTED, "known"] > 0
    assert {called for (planted, called) in answered.matrix.counts if planted == PLANTED} == {"known"}
    assert {called for (planted, called) in answered.matrix.counts if planted != PLANTED} <= {"new"}

    call_command("validate", run=str(run.pk), output=tmp_path)
    text = (tmp_path / "validation.md").read_text()
    assert f"{run.n_templates} templates in 2 configurations" in text
    assert "Falsely called new" in text
    assert "<td" in (tmp_path / "validation.html").read_text()
