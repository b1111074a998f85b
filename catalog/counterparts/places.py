"""What is known at a position, whether or not a spectrum of it is held; nobody outside is asked."""

from __future__ import annotations

import numpy as np
from django.utils import timezone

from catalog.models import (
    DECIDING,
    Counterpart,
    CounterpartLookup,
    Release,
    Service,
    Snapshot,
    Source,
    Spectrum,
)
from catalog.positions import within_cone

from .answers import Answer
from .selectors import ServiceAnswer, SourceAnswers, source_answers
from .snapshots import SnapshotProvider

RADIUS_ARCSEC = 3.0
"""LAMOST's own practice for cross-matches, and the run's default."""


def source_at(*, ra: float, dec: float) -> Source | None:
    """The nearest source held within 3 arcsec of a position in degrees."""
    near = within_cone(Source.objects.all(), ra=ra, dec=dec, radius_deg=RADIUS_ARCSEC / 3600.0)
    return near.order_by("separation").first()


def place_answers(*, ra: float, dec: float, simulated: bool, source: Source | None) -> SourceAnswers:
    """What stands about `source`, and what loaded snapshots hold at the position of services never asked.

    Simulated snapshots answer about simulated spectra only.
    """
    about = Spectrum(source=source, release=Release(simulated=simulated))
    stands = {answer.service: answer for answer in source_answers(spectrum=about).services}
    for service, snapshot in _snapshots(simulated=simulated).items():
        answer = stands.get(str(service.label))
        if answer is None or answer.lookup is None:
            found = SnapshotProvider(snapshot).lookup(np.array([ra]), np.array([dec]), RADIUS_ARCSEC)[0]
            stands[str(service.label)] = _answer(service, snapshot, found)
    return SourceAnswers(tuple(stands[str(s.label)] for s in Service if str(s.label) in stands))


def _snapshots(*, simulated: bool) -> dict[Service, Snapshot]:
    """The newest snapshot in use of each service that may speak."""
    may = Snapshot.objects.filter(retired_at__isnull=True)
    may = may if simulated else may.filter(simulated=False)
    return {Service(snapshot.service): snapshot for snapshot in may.order_by("dated", "pk")}


def _answer(service: Service, snapshot: Snapshot, answer: Answer) -> ServiceAnswer:
    """A snapshot's answer in the form of one that was stored."""
    outcome = CounterpartLookup.Outcome.NO_MATCH if answer.covered else CounterpartLookup.Outcome.NOT_COVERED
    lookup = CounterpartLookup(
        service=service,
        outcome=CounterpartLookup.Outcome.MATCHED if answer.matches else outcome,
        release=snapshot.release,
        provider=SnapshotProvider.name,
        snapshot=snapshot,
        radius_arcsec=RADIUS_ARCSEC,
        asked_at=timezone.now(),
    )
    counterparts = tuple(
        Counterpart(
            identifier=match.found.identifier,
            object_type=match.found.object_type,
            ra=match.found.ra,
            dec=match.found.dec,
            separation_arcsec=match.separation_arcsec,
            z=match.found.z,
            z_err=match.found.z_err,
            petro_radius_arcsec=match.found.petro_radius_arcsec,
            note=match.found.note[:200],
        )
        for match in answer.matches
    )
    return ServiceAnswer(str(service.label), service in DECIDING, lookup, counterparts)
