"""Rows of every model for tests, valid by the database's own constraints."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any

import factory
import numpy as np
from django.conf import settings
from django.utils import timezone
from factory import LazyAttribute, LazyFunction, SelfAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory

from catalog.counterparts.storing import answers_store
from catalog.models import (
    Candidate,
    Codebook,
    CodebookBlock,
    Counterpart,
    CounterpartLookup,
    HIIRegion,
    ImportBatch,
    Inspector,
    LineMeasurement,
    LineRedshift,
    Neighbour,
    Refusal,
    RegionMatch,
    Release,
    Run,
    Service,
    Source,
    Spectrum,
    SpectrumBlock,
    Truth,
    Verdict,
    Vote,
)
from catalog.positions import equatorial, galactic, healpix29
from tasks.models import Chunk, Job, LogLine


@cache
def _derived(ra: float, dec: float) -> tuple[float, float, int]:
    """Galactic longitude, latitude and pixel: reckoned once for a spectrum and its source."""
    glon, glat = galactic(ra, dec)
    return float(glon), float(glat), int(healpix29(ra, dec))


def _of_place(number: int) -> LazyAttribute:
    return LazyAttribute(lambda row: None if row.ra is None else _derived(row.ra, row.dec)[number])


@cache
def _equatorial(glon: float, glat: float) -> tuple[float, float]:
    ra, dec = equatorial(glon, glat)
    return float(ra), float(dec)


class UserFactory(DjangoModelFactory):
    """A plain user of password "correct horse"; is_staff and is_superuser make an operator."""

    class Meta:
        model = settings.AUTH_USER_MODEL
        skip_postgeneration_save = True

    username = Sequence(lambda n: f"user{n}")
    password = factory.django.Password("correct horse")


class ReleaseFactory(DjangoModelFactory):
    class Meta:
        model = Release
        django_get_or_create = ("slug",)

    slug = "lamost-dr7"
    name = "LAMOST DR7"
    survey = "LAMOST"


class PositionedFactory(DjangoModelFactory):
    """Positions 0.01 degrees apart; the derived columns follow ra and dec."""

    class Meta:
        abstract = True

    ra = Sequence(lambda n: (150.0 + 0.01 * n) % 360)
    dec = 2.0
    glon = _of_place(0)
    glat = _of_place(1)
    healpix = _of_place(2)


class SourceFactory(PositionedFactory):
    class Meta:
        model = Source


class SpectrumFactory(PositionedFactory):
    """A catalogue row of an Unknown without a file. ``with_file=b"..."`` stores bytes as its original.

    ``class_`` gives the field ``cls``, a name that factories cannot take as a keyword.
    """

    class Meta:
        model = Spectrum
        skip_postgeneration_save = True

    class Params:
        template = factory.Trait(role=Spectrum.Role.TEMPLATE, class_="GALAXY", z=0.1, z_err=1e-4)

    release = SubFactory(ReleaseFactory)
    source = factory.Maybe(
        LazyAttribute(lambda row: row.ra is not None),  # 0 is a right ascension
        SubFactory(SourceFactory, ra=SelfAttribute("..ra"), dec=SelfAttribute("..dec")),
        None,
    )
    name = Sequence(lambda n: f"spec-56649-GAC078N31M1_sp{n // 250 % 16 + 1:02d}-{n % 250 + 1:03d}")
    role = Spectrum.Role.UNKNOWN
    obsid = Sequence(lambda n: 100_000_000 + n)
    class_ = "Unknown"
    object_type = "Star"
    mjd = 56649
    plan_id = "GAC078N31M1"
    spectrograph = 12
    fiber = 177
    snr_g = 5.0
    snr_r = 8.0
    mag_g = 18.5
    mag_r = 18.0
    flux_unit = "relative"

    @classmethod
    def _create(cls, model_class: type[Spectrum], *args: Any, class_: str, **kwargs: Any) -> Spectrum:
        return model_class.objects.create(**{"cls": class_, **kwargs})

    @factory.post_generation
    def with_file(self, create: bool, content: bytes | None, **kwargs: Any) -> None:
        if content is None:
            return
        from django.core.files.base import ContentFile

        self.sha256 = hashlib.sha256(content).hexdigest()
        self.layout, self.n_pixels, self.wave_min, self.wave_max = "lamost-image5", 3909, 3699.9, 9099.1
        self.file.save(f"spectra/{self.sha256[:2]}/{self.sha256}/{self.name}.fits", ContentFile(content))


class TruthFactory(DjangoModelFactory):
    class Meta:
        model = Truth

    spectrum = SubFactory(SpectrumFactory, release__slug="simulated", release__simulated=True)
    kind = "galaxy"
    z = 0.1
    bpt_class = "star-forming"
    line_fluxes = LazyFunction(lambda: {"ha": 100.0})


class ImportBatchFactory(DjangoModelFactory):
    class Meta:
        model = ImportBatch

    origin = "a folder"


class RefusalFactory(DjangoModelFactory):
    class Meta:
        model = Refusal

    batch = SubFactory(ImportBatchFactory, refused=1)
    file = Sequence(lambda n: f"bad-{n}.fits")
    reason = "truncated"
    detail = "The header promises 80640 bytes, the file has 5000."
    advice = "Fetch the file again."


class HIIRegionFactory(DjangoModelFactory):
    class Meta:
        model = HIIRegion

    version = "V2.2"
    name = Sequence(lambda n: f"G{173.0 + 0.01 * n:07.3f}-01.606")
    catalog = HIIRegion.Catalog.KNOWN
    glon = Sequence(lambda n: 173.0 + 0.01 * n)
    glat = -1.606
    ra = LazyAttribute(lambda row: _equatorial(row.glon, row.glat)[0])
    dec = LazyAttribute(lambda row: _equatorial(row.glon, row.glat)[1])
    healpix = _of_place(2)
    radius_arcsec = 1298.0
    hii_name = "Sh2-235"


class RegionMatchFactory(DjangoModelFactory):
    class Meta:
        model = RegionMatch

    spectrum = SubFactory(SpectrumFactory)
    region = SubFactory(HIIRegionFactory)
    version = SelfAttribute("region.version")
    separation_arcsec = 100.0
    is_best = True


class RunFactory(DjangoModelFactory):
    """A run that has ended well; ``completed_at=None`` for one that has not."""

    class Meta:
        model = Run

    profile = Run.Profile.CUSTOM
    code_version = "0.1.0"
    region_version = "V2.2"
    completed_at = LazyFunction(timezone.now)


class SpectrumBlockFactory(DjangoModelFactory):
    """``ids=[...]`` gives the spectra of the block; all usable."""

    class Meta:
        model = SpectrumBlock

    class Params:
        ids = (1,)

    run = SubFactory(RunFactory)
    part = SpectrumBlock.Part.TEMPLATES
    number = Sequence(int)
    first = 0
    count = LazyAttribute(lambda block: len(block.ids))
    spectrum_ids = LazyAttribute(lambda block: np.asarray(block.ids, dtype="<i8").tobytes())
    usable = LazyAttribute(lambda block: bytes([1]) * len(block.ids))


class CodebookFactory(DjangoModelFactory):
    class Meta:
        model = Codebook

    run = SubFactory(RunFactory)
    number = Sequence(int)
    step = 2
    segments = 25
    centers = Sequence(lambda n: n + 1)
    trained_at = LazyFunction(timezone.now)
    encoded_at = LazyFunction(timezone.now)


class CodebookBlockFactory(DjangoModelFactory):
    class Meta:
        model = CodebookBlock

    codebook = SubFactory(CodebookFactory)
    first_segment = 0
    segments = SelfAttribute("codebook.segments")
    data = LazyAttribute(
        lambda block: np.zeros(
            (block.segments, block.codebook.centers, 5000 // block.codebook.step // block.codebook.segments),
            dtype="<f4",
        ).tobytes()
    )
    inertias = LazyAttribute(lambda block: [0.0] * block.segments)
    iterations = LazyAttribute(lambda block: [1] * block.segments)
    gains = LazyAttribute(lambda block: [0.0] * block.segments)


class LineRedshiftFactory(DjangoModelFactory):
    class Meta:
        model = LineRedshift

    run = SubFactory(RunFactory)
    spectrum = SubFactory(SpectrumFactory)
    z = 0.1
    scatter = 0.0001
    lines = LazyFunction(lambda: {"hb": 5348.95, "oiii_5008": 5509.06, "ha": 7221.08})


class NeighbourFactory(DjangoModelFactory):
    class Meta:
        model = Neighbour

    codebook = SubFactory(CodebookFactory)
    spectrum = SubFactory(SpectrumFactory)
    template = SubFactory(SpectrumFactory, template=True)
    distance = 1.0
    z = SelfAttribute("template.z")
    agrees = True


class CandidateFactory(DjangoModelFactory):
    """A measured star-forming galaxy. ``nebula=True``: a nebula outside all regions, newly found.

    What stands of look-ups that are there of its source already is stored on it, as the portal does.
    """

    class Meta:
        model = Candidate

    class Params:
        nebula = factory.Trait(
            kind=Candidate.Kind.NEBULA,
            z_cl=1e-4,
            bpt_class="",
            log_sii_ha=-0.3,
            log_sii_ha_err=0.02,
            nebula_state=Candidate.NebulaState.HII,
            supernova_remnant_like=True,
            new_found=True,
        )

    run = SubFactory(RunFactory)
    spectrum = SubFactory(SpectrumFactory)
    kind = Candidate.Kind.GALAXY
    z_cl = 0.1
    z_rt = LazyAttribute(lambda row: row.z_cl + 2e-4)
    velocity_kms = LazyAttribute(lambda row: 299792.458 * row.z_cl)
    n_lines = 4
    n_configurations = 2
    measured_at = LazyFunction(timezone.now)
    log_nii_ha = -0.4
    log_nii_ha_err = 0.02
    log_oiii_hb = -0.2
    log_oiii_hb_err = 0.03
    snr_min = 7.0
    bpt_class = Candidate.BptClass.STAR_FORMING

    @classmethod
    def _create(cls, *args: Any, **kwargs: Any) -> Candidate:
        candidate: Candidate = super()._create(*args, **kwargs)
        source = candidate.spectrum.source_id
        if source and CounterpartLookup.objects.filter(source=source).exists():
            answers_store(sources=[source])
            candidate.refresh_from_db()
        return candidate


class LineMeasurementFactory(DjangoModelFactory):
    class Meta:
        model = LineMeasurement

    candidate = SubFactory(CandidateFactory)
    line = "ha"
    flux = 100.0
    flux_err = 5.0
    ew = 20.0
    ew_err = 1.0
    center = 7221.08
    sigma_kms = 120.0
    snr = LazyAttribute(lambda row: row.flux / row.flux_err)
    continuum = 4.5


class CounterpartLookupFactory(DjangoModelFactory):
    """An answer; what stands is stored on the candidates that there are of its source, as the portal does."""

    class Meta:
        model = CounterpartLookup

    source = SubFactory(SourceFactory)
    service = Service.SIMBAD
    outcome = CounterpartLookup.Outcome.MATCHED
    release = "2026-01"
    ra = SelfAttribute("source.ra")
    dec = SelfAttribute("source.dec")
    radius_arcsec = 3.0
    asked_at = LazyFunction(timezone.now)

    @classmethod
    def _create(cls, *args: Any, **kwargs: Any) -> CounterpartLookup:
        lookup: CounterpartLookup = super()._create(*args, **kwargs)
        answers_store(sources=[lookup.source_id], services=[lookup.service])
        return lookup


class CounterpartFactory(DjangoModelFactory):
    class Meta:
        model = Counterpart

    @classmethod
    def _create(cls, *args: Any, **kwargs: Any) -> Counterpart:
        counterpart: Counterpart = super()._create(*args, **kwargs)
        answers_store(sources=[counterpart.lookup.source_id], services=[counterpart.lookup.service])
        return counterpart

    lookup = SubFactory(CounterpartLookupFactory)
    identifier = Sequence(lambda n: f"LEDA {n}")
    object_type = "G"
    ra = SelfAttribute("lookup.source.ra")
    dec = SelfAttribute("lookup.source.dec")
    separation_arcsec = 0.4
    z = 0.1


class InspectorFactory(DjangoModelFactory):
    class Meta:
        model = Inspector

    user = SubFactory(UserFactory)


class VoteFactory(DjangoModelFactory):
    class Meta:
        model = Vote

    candidate = SubFactory(CandidateFactory)
    inspector = SubFactory(InspectorFactory)
    verdict = Verdict.KEEP


class JobFactory(DjangoModelFactory):
    """A queued retrieval; ``importing=True``: an import; ``ended=True``: one that succeeded."""

    class Meta:
        model = Job

    class Params:
        importing = factory.Trait(kind=Job.Kind.IMPORT, run=None, batch=SubFactory(ImportBatchFactory))
        ended = factory.Trait(
            state="succeeded",
            started_at=LazyFunction(timezone.now),
            finished_at=LazyFunction(timezone.now),
        )

    kind = Job.Kind.RETRIEVAL
    run = SubFactory(RunFactory, completed_at=None)
    owner = SubFactory(UserFactory)


class ChunkFactory(DjangoModelFactory):
    class Meta:
        model = Chunk

    job = SubFactory(JobFactory)
    stage = "prepare"
    stage_number = 0
    number = Sequence(int)


class LogLineFactory(DjangoModelFactory):
    class Meta:
        model = LogLine

    job = SubFactory(JobFactory)
    message = "Prepared 100 spectra."
