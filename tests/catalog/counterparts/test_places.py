"""What is known at a position: answers that stand, and snapshots for whoever was never asked."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import timezone

from catalog.counterparts.places import place_answers, source_at
from catalog.models import Snapshot, SnapshotObject
from catalog.positions import healpix29
from tests.factories import CounterpartFactory, SourceFactory

pytestmark = pytest.mark.django_db
RA, DEC = 0.0003, -12.5  # beside RA 0


def snapshot(service: str, *, simulated: bool = False, release: str = "2026-01", **at: float) -> Snapshot:
    made = Snapshot.objects.create(
        service=service, release=release, origin="made here", dated=date(2026, 1, 1), sha256="0" * 64,
        n_objects=len(at) and 1, simulated=simulated,
    )  # fmt: skip
    if at:
        pixel = int(healpix29(at["ra"], at["dec"]))
        SnapshotObject.objects.create(snapshot=made, identifier=f"{service} 1", healpix=pixel, z=0.1, **at)
    return made


def outcomes(*, simulated: bool = False) -> dict[str, tuple[str | None, list[str]]]:
    source = source_at(ra=RA, dec=DEC)
    answers = place_answers(ra=RA, dec=DEC, simulated=simulated, source=source)
    return {
        answer.service: (
            answer.lookup.outcome if answer.lookup else None,
            [found.identifier for found in answer.counterparts],
        )
        for answer in answers.services
    }


def test_the_nearest_source_within_three_arcsec_across_ra_0() -> None:
    near = SourceFactory(ra=359.9999, dec=DEC)  # 1.4 arcsec west
    SourceFactory(ra=RA + 2.0 / 3600, dec=DEC)
    SourceFactory(ra=RA, dec=DEC + 3.5 / 3600)
    assert source_at(ra=RA, dec=DEC) == near
    assert source_at(ra=RA, dec=DEC + 1) is None


def test_snapshots_answer_where_nobody_was_asked_and_nothing_is_stored() -> None:
    snapshot("simbad", ra=RA + 360 - 0.0006, dec=DEC)
    snapshot("sdss", ra=RA + 1, dec=DEC)
    assert outcomes() == {
        "SIMBAD": ("matched", ["simbad 1"]),
        "SDSS": ("no-match", []),
        "NED": (None, []),
    }


def test_what_stands_about_a_source_goes_before_a_snapshot() -> None:
    snapshot("simbad", ra=RA, dec=DEC)
    source = SourceFactory(ra=RA, dec=DEC)
    CounterpartFactory(lookup__source=source, identifier="LEDA 7")
    assert outcomes()["SIMBAD"] == ("matched", ["LEDA 7"])


def test_simulated_and_retired_snapshots_keep_silent() -> None:
    snapshot("simbad", simulated=True, ra=RA, dec=DEC)
    snapshot("ned", ra=RA, dec=DEC)
    Snapshot.objects.filter(service="ned").update(retired_at=timezone.now())
    assert outcomes() == {"SIMBAD": (None, []), "SDSS": (None, []), "NED": (None, [])}
    assert outcomes(simulated=True)["SIMBAD"] == ("matched", ["simbad 1"])
