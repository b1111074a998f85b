"""Runs that are ready to be published: looked up, voted on, with every kind of outcome."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage

from catalog.models import Candidate, PublishedFile, Run, Snapshot
from tests import factories as f

STATE = Candidate.InspectionState


def candidate(run: Run, name: str, state: str = STATE.KEPT, *, matched: str = "", **fields: Any) -> Candidate:
    """A candidate voted on; a galaxy is looked up in all three services and known to ``matched``."""
    made = f.CandidateFactory(run=run, spectrum__name=name, inspection_state=state, **fields)
    f.VoteFactory(candidate=made, verdict="keep" if state == STATE.KEPT else "reject")
    if made.kind == Candidate.Kind.GALAXY and made.spectrum.source:
        look_up(made, matched=matched)
    return made


def look_up(made: Candidate, *, matched: str = "", **outcomes: str) -> None:
    source = made.spectrum.source
    for service in ("simbad", "sdss", "ned"):
        outcome = outcomes.get(service, "matched" if service == matched else "no-match")
        lookup = f.CounterpartLookupFactory(
            source=source, service=service, outcome=outcome, ra=source.ra, dec=source.dec
        )
        if outcome == "matched":
            f.CounterpartFactory(lookup=lookup, identifier="1237648720693755918")


@pytest.fixture
def media(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Files of catalogues in a folder of the test's own."""
    folder = tmp_path / "media"
    monkeypatch.setattr(PublishedFile._meta.get_field("file"), "storage", FileSystemStorage(folder))
    return folder


@pytest.fixture
def run(db: None, media: Path) -> Run:
    """Of galaxies three kept (one new, one known, one without position), one rejected, one withdrawn; of
    nebulae one inside a region, one newly found, one unclear, one rejected."""
    run = f.RunFactory(seed=2**62 + 1, region_version="V2.2")
    f.CodebookBlockFactory(codebook=f.CodebookFactory(run=run, centers=4))
    candidate(run, "spec-new")
    candidate(run, "spec-known", matched="sdss", z_cl=0.2)
    candidate(run, 'spec-"nowhere", é', spectrum__ra=None, spectrum__dec=None, log_nii_ha=None)
    candidate(run, "spec-rejected", STATE.REJECTED)
    withdrawn = candidate(run, "spec-withdrawn")
    Candidate.objects.filter(pk=withdrawn.pk).update(
        withdrawn_at=run.completed_at, withdrawn_reason="A ghost of a bright star."
    )
    region = f.HIIRegionFactory(name="G173.588-01.606")
    candidate(run, "spec-inside", nebula=True, new_found=False, region=region)
    candidate(run, "spec-outside", nebula=True)
    candidate(run, "spec-unclear", nebula=True, new_found=None, nebula_state="undetermined")
    candidate(run, "spec-neb-rejected", STATE.REJECTED, nebula=True)
    return run


@pytest.fixture
def snapshot(db: None) -> Snapshot:
    return Snapshot.objects.create(
        service="ned", release="2026-01", origin="a file", dated="2026-01-02", sha256="ab" * 32, n_objects=3
    )
