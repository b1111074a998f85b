"""A small catalogue that holds every awkward value: NULLs, 64-bit ids, commas, quotes, accents, RA 0."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from catalog.models import Candidate, Run, Spectrum
from tests import factories as f

BIG = 2**62 + 1
AWKWARD = 'spec-"quoted", with comma'
ACCENT = "spec-café-星"


@pytest.fixture
def run(db: None) -> Run:
    """A complete run of six candidates; every table has at least two rows."""
    run = f.RunFactory(
        seed=BIG,
        profile="lu2022",
        query_selection={"role": ["unknown"], "name": "été"},
        detection={"window": 5},
    )
    f.CodebookFactory(run=run, step=2, segments=25, centers=100, number=0)
    f.CodebookFactory(run=run, step=2, segments=50, centers=200, number=1)
    known = f.CandidateFactory(run=run, z_cl=0.30, spectrum__name="spec-known", spectrum__obsid=BIG)
    lookup = f.CounterpartLookupFactory(source=known.spectrum.source)
    f.CounterpartFactory(lookup=lookup, identifier="LEDA 1, 2")
    sdss = f.CounterpartLookupFactory(source=known.spectrum.source, service="sdss", release="DR17")
    f.CounterpartFactory(lookup=sdss, identifier="1237648720693755918", z=None, petro_radius_arcsec=2.5)
    f.CandidateFactory(
        run=run,
        z_cl=0.10,
        spectrum__name=AWKWARD,
        spectrum__ra=0.0,
        spectrum__obsid=None,
        spectrum__snr_r=None,
    )
    f.CandidateFactory(
        run=run, z_cl=0.20, spectrum__name=ACCENT, spectrum__ra=None, spectrum__dec=None, is_primary=False,
        bpt_class="", log_nii_ha=None, log_oiii_hb=None, snr_min=None,
    )  # fmt: skip
    f.CandidateFactory(
        run=run, nebula=True, new_found=False, region=f.HIIRegionFactory(), spectrum__name="spec-inside"
    )
    f.CandidateFactory(run=run, nebula=True, spectrum__name="spec-new")
    f.CandidateFactory(run=run, nebula=True, new_found=None, nebula_state="", spectrum__name="spec-unclear")
    kept = f.CandidateFactory(
        run=run, nebula=True, spectrum__name="spec-voted", inspection_state=Candidate.InspectionState.KEPT
    )
    f.VoteFactory(candidate=kept, comment='Broad, "double" é', reasons=3, seconds=2.5)
    f.VoteFactory(candidate=kept, z=1e-4, seen_class="nebula")
    f.CandidateFactory(spectrum__name="spec-of-another-run", run__completed_at=None)
    f.RefusalFactory(file=ACCENT, detail='It holds "three", not four.')
    f.RefusalFactory()
    return run


@pytest.fixture
def many(db: None) -> Run:
    """A complete run of 4,500 galaxies: more than two batches."""
    run = f.RunFactory()
    release = f.ReleaseFactory()
    names = (f"spec-{number:04d}" for number in range(4500))
    spectra = Spectrum.objects.bulk_create(
        Spectrum(release=release, name=name, role="unknown", cls="Unknown") for name in names
    )
    Candidate.objects.bulk_create(
        Candidate(
            run=run, spectrum=spectrum, kind="galaxy", z_cl=0.05 + number * 1e-5, z_rt=0.05,
            velocity_kms=15000, n_lines=3, n_configurations=1,
        )
        for number, spectrum in enumerate(spectra)
    )  # fmt: skip
    return run


@pytest.fixture
def stilts(tmp_path: Path) -> Callable[..., str]:
    """Run a STILTS task and give what it prints."""
    program = shutil.which("stilts")
    if program is None:
        pytest.skip("stilts is not installed: apt-get install stilts starlink-ecsv-java")

    def run_task(*arguments: str) -> str:
        done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=120, check=True)
        return done.stdout

    return run_task
