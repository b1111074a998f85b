"""Completeness, purity, matrices and the new flag, against plain loops over the same rows."""

from __future__ import annotations

import random
import statistics
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from catalog.models import DECIDING, Candidate, Release, Run, Snapshot, SnapshotObject, Truth
from catalog.positions import healpix29
from catalog.validation.numbers import (
    NEW,
    OUTSIDE,
    PLANTED,
    SNR_R_EDGES,
    UNDECIDED,
    UNPLANTED,
    UNSEEN,
    new_flag,
    validate,
)
from catalog.validation.report import share, validation_report
from retrieval.simulate.objects import GALAXIES, KINDS, NEBULAE
from retrieval.simulate.regions import REGIONS
from tests import factories as f

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, tzinfo=UTC)
CLASSES = [*GALAXIES, "unclassified"]
STATES = ["H II-like", "PN-like", "undetermined"]


def simulated_release() -> Release:
    return f.ReleaseFactory(slug="simulated", simulated=True)


@pytest.fixture
def regions() -> dict[str, Any]:
    return {r.name: f.HIIRegionFactory(name=r.name, version="Lu2022 Table 2") for r in REGIONS}


def random_run(seed: int, regions: dict[str, Any]) -> tuple[Run, list[dict[str, Any]]]:
    """A run of 150 queries whose truth and findings are drawn at random, and what was drawn."""
    rng, drawn = random.Random(seed), []
    run = f.RunFactory(region_version="Lu2022 Table 2", n_queries=150)
    release = simulated_release()
    for _ in range(150):
        kind = rng.choice(KINDS)
        lines = kind in (*GALAXIES, *NEBULAE)
        z = rng.choice([0.05, 0.1, 0.2]) if kind in GALAXIES else 1e-4
        region = rng.choice([*regions, ""]) if kind in NEBULAE else ""
        snr_r = rng.choice([0.5, 2.0, 3.9, 4.0, 7.0, 12.0, 40.0])
        z_cl = rng.choice([None, z, z + 0.0009, z - 0.0011, z + 0.1])
        row = {"kind": kind, "lines": lines, "z": z, "snr_r": snr_r, "z_cl": z_cl, "region": region}
        spectrum = f.SpectrumFactory(release=release, snr_r=snr_r)
        f.TruthFactory(
            spectrum=spectrum,
            kind=kind,
            z=z,
            region=region,
            bpt_class=kind if kind in GALAXIES else "",
            line_fluxes={"ha": 100.0} if lines else {},
        )
        row["spectrum"] = spectrum.pk
        if z_cl is not None:
            f.LineRedshiftFactory(run=run, spectrum=spectrum, z=z_cl)
            if rng.random() < 0.7:
                nebula = z_cl < 0.0016
                row |= {
                    "as": "nebula" if nebula else "galaxy",
                    "withdrawn": rng.random() < 0.1,
                    "class": rng.choice(STATES if nebula else CLASSES),
                    "inside": rng.choice([*regions, ""]) if nebula else "",
                }
                made = f.CandidateFactory(
                    run=run, spectrum=spectrum, nebula=nebula, z_cl=z_cl,
                    withdrawn_at=NOW if row["withdrawn"] else None, region=regions.get(row["inside"]),
                    **({"nebula_state": row["class"]} if nebula else {"bpt_class": row["class"]}),
                )  # fmt: skip
                row["flux"] = rng.choice([None, 20.0, 95.0, 130.0])
                f.LineMeasurementFactory(candidate=made, line="ha", flux=row["flux"], snr=1.0)
        drawn.append(row)
    f.SpectrumBlockFactory(run=run, part="queries", ids=[row["spectrum"] for row in drawn])
    return run, drawn


@pytest.mark.parametrize("seed", range(4))
def test_every_number_equals_a_plain_loop(seed: int, regions: dict[str, Any]) -> None:
    run, drawn = random_run(seed, regions)
    f.TruthFactory()  # not searched by the run
    found = validate(run=run)
    standing = [row for row in drawn if "as" in row and not row["withdrawn"]]

    def right(row: dict[str, Any]) -> bool:
        return row["lines"] and row["z_cl"] is not None and abs(row["z_cl"] - row["z"]) < 0.00105

    assert (found.judged, found.n_queries) == (150, 150)
    for bin_, low, high in zip(found.by_snr_r, SNR_R_EDGES, SNR_R_EDGES[1:], strict=False):
        rows = [row for row in drawn if low <= row["snr_r"] < high]
        assert (bin_.queries, bin_.with_lines) == (len(rows), sum(row["lines"] for row in rows))
        assert bin_.line_redshifts == sum(row["z_cl"] is not None for row in rows)
        assert bin_.line_right == sum(right(row) for row in rows)
        assert bin_.candidates == sum(row in standing for row in rows)
        assert bin_.right == sum(row in standing and right(row) for row in rows)
    free = [row for row in drawn if not row["lines"]]
    assert (found.line_free.queries, found.line_free.right) == (len(free), 0)
    assert found.line_free.candidates == sum(row in standing for row in free) > 0

    kinds: Counter[tuple[str, str]] = Counter()
    classes: Counter[tuple[str, str]] = Counter()
    nebulae: Counter[tuple[str, str]] = Counter()
    places: Counter[tuple[str, str]] = Counter()
    for row in drawn:
        if row not in standing:
            kinds[row["kind"], "no candidate"] += 1
            continue
        kinds[row["kind"], row["as"] if right(row) else "wrong redshift"] += 1
        if right(row) and row["kind"] in GALAXIES:
            classes[row["kind"], row["class"]] += 1
        if right(row) and row["kind"] in NEBULAE:
            nebulae[row["kind"], row["class"]] += 1
        if row["as"] == "nebula":
            given = "that region" if row["inside"] == row["region"] else "another region"
            places[
                "inside a region" if row["region"] else OUTSIDE, given if row["inside"] else "no region"
            ] += 1
    assert (found.kinds.counts, found.classes.counts) == (kinds, classes)
    assert (found.nebulae.counts, found.regions.counts) == (nebulae, places)
    for kind in (*GALAXIES, *NEBULAE):
        ratios = [
            row["flux"] / 100.0
            for row in standing
            if row["kind"] == kind and right(row) and row["flux"] is not None
        ]
        flux = found.fluxes[kind, "ha"]
        assert flux.lines == len(ratios)
        assert flux.ratio == (pytest.approx(statistics.median(ratios)) if ratios else None)
        assert found.fluxes[kind, "hb"].lines == 0
    assert found.new is None
    for matrix in (found.kinds, found.classes, found.nebulae, found.regions):
        assert {row for row, _ in matrix.counts} <= set(matrix.rows)
        assert {column for _, column in matrix.counts} <= set(matrix.columns)


def snapshot(service: str, places: list[tuple[float, float]]) -> Snapshot:
    made = Snapshot.objects.create(
        service=service, release="planted", origin="a test", dated=date(2026, 11, 1), sha256="0" * 64,
        n_objects=len(places), simulated=True,
    )  # fmt: skip
    SnapshotObject.objects.bulk_create(
        SnapshotObject(
            snapshot=made, identifier=f"{service} {n}", ra=ra, dec=dec, healpix=int(healpix29(ra, dec))
        )
        for n, (ra, dec) in enumerate(places)
    )
    return made


def galaxies(run: Run, count: int, **truth: Any) -> list[Candidate]:
    made = f.CandidateFactory.create_batch(count, run=run, spectrum__release=simulated_release())
    for candidate in made:
        f.TruthFactory(spectrum=candidate.spectrum, **truth)
    return made


@pytest.mark.parametrize("seed", range(3))
def test_planted_failures_make_nothing_new(seed: int) -> None:
    """Answers as services give them, a third of them failed: none of what is planted is new."""
    rng, run = random.Random(seed), f.RunFactory()
    planted: dict[str, list[tuple[float, float]]] = {service: [] for service in DECIDING}
    expected: Counter[tuple[str, str]] = Counter()
    failed = 0
    for galaxy in galaxies(run, 40, kind="star-forming"):
        source, outcomes, held = galaxy.spectrum.source, [], False
        for service in DECIDING:
            here = rng.random() < 0.3
            held |= here
            if here:
                planted[service].append((source.ra, source.dec + rng.uniform(-2.9, 2.9) / 3600))
            outcome = "failed" if rng.random() < 0.33 else "matched" if here else "no-match"
            failed += outcome == "failed"
            outcomes.append(outcome)
            f.CounterpartLookupFactory(source=source, service=service, outcome=outcome)
        called = "known" if "matched" in outcomes else "undecided" if "failed" in outcomes else "new"
        expected[PLANTED if held else UNPLANTED, called] += 1
    for service, places in planted.items():
        snapshot(service, [*places, (10.0, -50.0)])
    found = new_flag(run=run)
    assert found
    assert found.matrix.counts == expected
    assert expected[PLANTED, UNDECIDED] > 0
    assert expected[UNPLANTED, NEW] > 0
    assert found.false_new == expected[PLANTED, NEW] == 0
    assert sum(found.answers[service.value, "failed"] for service in DECIDING) == failed > 0


def test_what_is_falsely_called_new_is_counted() -> None:
    """Look-ups that say "no match" of what a catalogue holds, or where one does not look."""
    run = f.RunFactory()
    held, unseen, star = galaxies(run, 3, kind="F star")
    for candidate in (held, unseen, star):
        for service in DECIDING:
            f.CounterpartLookupFactory(source=candidate.spectrum.source, service=service, outcome="no-match")
    spectrum = held.spectrum
    snapshot("simbad", [(spectrum.ra, spectrum.dec)])
    snapshot("ned", [])
    sdss = snapshot("sdss", [])
    pixels = [int(healpix29(c.spectrum.ra, c.spectrum.dec)) >> 2 * 15 for c in (held, star)]
    sdss.coverage_order, sdss.coverage = 14, b"".join(p.to_bytes(8, "little") for p in sorted(pixels))
    sdss.save()
    assert int(healpix29(unseen.spectrum.ra, unseen.spectrum.dec)) >> 2 * 15 not in pixels
    found = new_flag(run=run)
    assert found
    assert found.matrix.counts == {(PLANTED, NEW): 1, (UNSEEN, NEW): 1, (UNPLANTED, NEW): 1}
    assert (found.false_new, found.no_galaxies) == (2, 3)


def test_real_snapshots_are_no_truth() -> None:
    run = f.RunFactory()
    for service in DECIDING:
        snapshot(service, [])
    assert new_flag(run=run) is not None
    Snapshot.objects.filter(service="ned").update(simulated=False)
    assert new_flag(run=run) is None


def test_without_a_truth_it_says_so(tmp_path: Path) -> None:
    run = f.RunFactory()
    spectrum = f.SpectrumFactory()
    f.SpectrumBlockFactory(run=run, part="queries", ids=[spectrum.pk])
    f.CandidateFactory(run=run, spectrum=spectrum)
    with pytest.raises(CommandError, match="searched no simulated spectrum with a truth"):
        call_command("validate", run=str(run.pk), output=tmp_path)
    assert not list(tmp_path.iterdir())
    with pytest.raises(CommandError, match="no complete run 999999"):
        call_command("validate", run="999999", output=tmp_path)


def test_the_report_tells_what_is_left_out(regions: dict[str, Any]) -> None:
    run, drawn = random_run(9, regions)
    Truth.objects.filter(spectrum=drawn[0]["spectrum"]).delete()
    run.region_version = "V2.2"
    report = validation_report(validation=validate(run=run), date=NOW)
    assert len(report.tables) == 7
    for text in (report.markdown(), report.html()):
        for words in ("149 of the 150 spectra", "matched with V2.2, so another region is not an error"):
            assert words in text, words
    for table in report.tables:
        assert {len(row) for row in table.rows} == {len(table.head)}


def test_a_share_of_none_is_no_number() -> None:
    assert (share(0, 0), share(3, 4), share(1500, 3000)) == ("–", "3 of 4 (0.75)", "1,500 of 3,000 (0.50)")
