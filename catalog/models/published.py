"""Published catalogues: numbered, frozen, with their own copy of every row.

Triggers refuse every UPDATE, DELETE and TRUNCATE of these tables, and every INSERT of rows for a catalogue
that is already there (a catalogue's own row is written last). A field is named as its column in
``catalog.columns``, in small letters, with _ for what a name cannot hold.
"""

from __future__ import annotations

from django.core.files.storage import Storage, storages
from django.db import models
from django.urls import reverse

from .runs import Run
from .survey import Spectrum


def catalogue_storage() -> Storage:
    """Where the files of published catalogues are kept: the default storage."""
    return storages["default"]


def _text(length: int) -> models.CharField[str, str]:
    return models.CharField(max_length=length, blank=True)


def _float() -> models.FloatField[float | None, float | None]:
    return models.FloatField(null=True)


def _integer() -> models.BigIntegerField[int | None, int | None]:
    return models.BigIntegerField(null=True)


def _truth() -> models.BooleanField[bool | None, bool | None]:
    return models.BooleanField(null=True)


class Catalogue(models.Model):
    """One published catalogue of one run."""

    number = models.PositiveIntegerField(primary_key=True, help_text="From 1, without gaps.")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="catalogues")
    title = models.CharField(max_length=200)
    notes = models.TextField(blank=True, help_text="What a reader should know.")
    published_at = models.DateTimeField()
    published_by = models.CharField(
        max_length=150,
        blank=True,
        help_text="Name of the account, kept as text: accounts go, catalogues stay.",
    )
    code_version = models.CharField(max_length=60, help_text="Version of the code that published it.")
    simulated = models.BooleanField(help_text="True where no telescope took some of its spectra.")
    inspected = models.BooleanField(help_text="False where nobody looked at the candidates.")
    provenance = models.JSONField(
        help_text="Run, codebooks and their checksums, snapshots and lookups, regions, rule and votes."
    )
    citation = models.TextField(help_text="How to cite it.")
    sha256 = models.CharField(
        max_length=64, help_text="Over the CSV of galaxies, nebulae and candidates, one after the other."
    )
    n_galaxies = models.PositiveIntegerField(help_text="Rows of Table 3.")
    n_new_galaxies = models.PositiveIntegerField(help_text="Of those, in none of SIMBAD, SDSS, NED.")
    n_nebulae = models.PositiveIntegerField(help_text="Rows of Table 2.")
    n_new_nebulae = models.PositiveIntegerField(help_text="Of those, outside all WISE regions.")
    n_candidates = models.PositiveIntegerField(help_text="All candidates of the run.")
    n_unclear = models.PositiveIntegerField(help_text="Nebula candidates kept that stay unclear.")

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.CheckConstraint(condition=models.Q(number__gte=1), name="catalogue_number_positive")
        ]

    def __str__(self) -> str:
        return f"Catalogue {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("catalogue", args=[self.number])


class PublishedRow(models.Model):
    """What every published row has: its catalogue, its spectrum, and its own copy of name and release."""

    catalogue = models.ForeignKey(Catalogue, on_delete=models.PROTECT, related_name="+")
    spectrum = models.ForeignKey(Spectrum, on_delete=models.PROTECT, related_name="+")
    file_lamost = models.CharField(max_length=160)
    release = models.CharField(max_length=120)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.file_lamost} in catalogue {self.catalogue_id}"


def _once(name: str) -> list[models.BaseConstraint]:
    return [models.UniqueConstraint(fields=["catalogue", "spectrum"], name=name)]


class PublishedGalaxy(PublishedRow):
    """A row of Table 3 of Lu et al. 2022."""

    ra = _float()
    dec = _float()
    newg = _truth()
    z_our = _float()
    class_our = _text(20)
    simbad_id = _text(120)
    simbad_type = _text(60)
    simbad_z = _float()
    sdss_id = _text(120)
    sdss_type = _text(60)
    sdss_petrorad = _float()
    sdss_z = _float()
    sdss_zerr = _float()
    ned_name = _text(120)
    ned_type = _text(60)
    ned_z = _float()
    ned_zerr = _float()

    class Meta:
        verbose_name_plural = "published galaxies"
        constraints = _once("publishedgalaxy_once")


class PublishedNebula(PublishedRow):
    """A row of Table 2 of Lu et al. 2022."""

    wise_name = _text(60)
    catalog = _text(1)
    glong = _float()
    glat = _float()
    radius = _float()
    log_nii_h = _float()
    log_sii_h = _float()
    new_found = _truth()

    class Meta:
        verbose_name_plural = "published nebulae"
        constraints = _once("publishednebula_once")


class PublishedCandidate(PublishedRow):
    """Any candidate of the run: kept, rejected, withdrawn or, without inspection, as it was found."""

    ra = _float()
    dec = _float()
    snr_r = _float()
    kind = _text(10)
    z_cl = _float()
    z_rt = _float()
    velocity = _float()
    n_lines = _integer()
    n_configurations = _integer()
    unique = _truth()
    log_nii_h = _float()
    log_sii_h = _float()
    log_nii_h_err = _float()
    log_sii_h_err = _float()
    log_nii_h_limit = _truth()
    log_sii_h_limit = _truth()
    log_oiii_hb = _float()
    log_oiii_hb_err = _float()
    snr_min = _float()
    class_our = _text(20)
    class_reason = _text(120)
    p_star_forming = _float()
    p_composite = _float()
    p_liner = _float()
    p_seyfert = _float()
    nebula_state = _text(20)
    nebula_reason = _text(120)
    wise_name = _text(60)
    new_found = _truth()
    velocity_lsr = _float()
    velocity_region = _float()
    near_galaxy = _text(30)
    flags = _integer()
    inspection = _text(10)
    class_final = _text(10)
    z_final = _float()
    votes = _integer()
    adjudicated = _truth()
    withdrawn = _text(200)
    run = _integer()
    profile = _text(20)
    code_version = _text(60)
    seed = _integer()

    class Meta:
        constraints = _once("publishedcandidate_once")


class PublishedFile(models.Model):
    """A file of a published catalogue, built when it was published."""

    catalogue = models.ForeignKey(Catalogue, on_delete=models.PROTECT, related_name="files")
    table = models.CharField(max_length=20, help_text="galaxies, nebulae, candidates or unclear.")
    suffix = models.CharField(max_length=10, help_text="Format: csv, json, fits, vot, ecsv or parquet.")
    name = models.CharField(max_length=80, help_text="File name, the same in its address and in SHA256SUMS.")
    size = models.BigIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64)
    file = models.FileField(storage=catalogue_storage, max_length=200)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["catalogue", "name"], name="publishedfile_unique_name")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def url(self) -> str:
        """The address of the file: it ends with the file's name."""
        stem, _, suffix = self.name.rpartition(".")
        return reverse("catalogue-file", args=[self.catalogue_id, stem, suffix])
