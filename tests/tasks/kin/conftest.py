"""One run of a small survey for all tests of kin, and spectra to send."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from astropy.table import Table
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command

from catalog.ingest import spectra_import
from catalog.models import Run, Spectrum
from catalog.regions import paper_regions_import
from retrieval.readers import ObservedSpectrum
from tasks.kin.books import SHELF
from tests.tasks.conftest import launch, work_off


@pytest.fixture(autouse=True)
def uncounted(settings: Any) -> Iterator[None]:
    """No limit of searches but where a test sets one; no books of another test's database."""
    settings.KIN_PER_MINUTE = 10_000
    SHELF.clear()
    yield
    SHELF.clear()


@pytest.fixture(scope="package")
def of_package(
    django_db_setup: None, django_db_blocker: Any, survey_folder: Path, tmp_path_factory: Any
) -> Iterator[int]:
    """The small survey and a run of it, made once for all tests here, each of which is rolled back."""
    folder, own = tmp_path_factory.mktemp("kin"), django_settings.DATA_DIR
    with django_db_blocker.unblock():
        django_settings.DATA_DIR = folder
        spectra_import(paths=[survey_folder])
        paper_regions_import()
        made = launch()
        work_off(made.job)
        yield made.pk
        django_settings.DATA_DIR = own
        call_command("flush", interactive=False, verbosity=0)


@pytest.fixture
def run(of_package: int, db: None) -> Run:
    return Run.objects.get(pk=of_package)


def queries(run: Run) -> list[Spectrum]:
    found = Spectrum.objects.filter(neighbours__codebook__run=run).distinct().order_by("pk")
    return list(found.select_related("release"))


def sent(spectrum: Spectrum) -> SimpleUploadedFile:
    return SimpleUploadedFile("mine.fits", spectrum.file.open("rb").read())


def table_of(spectrum: ObservedSpectrum) -> bytes:
    """The spectrum as a CSV with its errors and masks."""
    out = io.StringIO()
    columns = {
        "wave_vac (Angstrom)": spectrum.wavelength,
        "flux": spectrum.flux.astype(float),
        "ivar": spectrum.ivar.astype(float),
        "mask": spectrum.bad.astype(int),
    }
    Table(columns).write(out, format="ascii.csv")
    return out.getvalue().encode()
