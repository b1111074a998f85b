"""Releases, sources and spectra, and what an import refused."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.files.storage import Storage, storages
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.urls import reverse

POSITION_CHECKS = {
    "ra": Q(ra__isnull=True) | Q(ra__gte=0, ra__lt=360),
    "dec": Q(dec__isnull=True) | Q(dec__gte=-90, dec__lte=90),
}


def spectrum_storage() -> Storage:
    """Where original files are kept: the storage named "spectra" in the settings."""
    return storages["spectra"]


class Release(models.Model):
    """One survey release, or one simulated survey."""

    slug = models.SlugField(unique=True, help_text="Name in URLs, such as lamost-dr7.")
    name = models.CharField(max_length=120, help_text="Name as printed, such as LAMOST DR7 v1.2.")
    survey = models.CharField(max_length=40, help_text="LAMOST, SDSS, ...")
    simulated = models.BooleanField(default=False, help_text="True for spectra that no telescope took.")
    description = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name


class Source(models.Model):
    """A unique position on the sky: the spectra within 1 arcsec of the first one that founded it."""

    ra = models.FloatField(help_text="Right ascension (ICRS), deg.")
    dec = models.FloatField(help_text="Declination (ICRS), deg.")
    glon = models.FloatField(help_text="Galactic longitude, deg.")
    glat = models.FloatField(help_text="Galactic latitude, deg.")
    healpix = models.BigIntegerField(db_index=True, help_text="Order-29 nested HEALPix pixel.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=POSITION_CHECKS["ra"], name="source_ra_range"),
            models.CheckConstraint(condition=POSITION_CHECKS["dec"], name="source_dec_range"),
        ]

    def __str__(self) -> str:
        return f"{self.ra:.5f} {self.dec:+.5f}"


class Spectrum(models.Model):
    """Metadata of one spectrum; its original file, once there, is never changed."""

    class Role(models.TextChoices):
        TEMPLATE = "template", "Template (a galaxy of published redshift)"
        UNKNOWN = "unknown", "Unknown (to be searched)"
        OTHER = "other", "Other (stars, quasars, sky)"

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="spectra")
    source = models.ForeignKey(
        Source, on_delete=models.PROTECT, related_name="spectra", null=True, blank=True,
        help_text="Unique position; empty where the file gives none.",
    )  # fmt: skip
    name = models.CharField(max_length=160, help_text="File name without .fits or .gz (file_LAMOST).")
    role = models.CharField(max_length=10, choices=Role)
    obsid = models.BigIntegerField(null=True, blank=True, help_text="Unique number of the observation.")
    designation = models.CharField(max_length=60, blank=True)
    ra = models.FloatField(null=True, blank=True, help_text="Right ascension (ICRS), deg.")
    dec = models.FloatField(null=True, blank=True, help_text="Declination (ICRS), deg.")
    glon = models.FloatField(null=True, blank=True, help_text="Galactic longitude, deg.")
    glat = models.FloatField(null=True, blank=True, help_text="Galactic latitude, deg.")
    healpix = models.BigIntegerField(null=True, blank=True, help_text="Order-29 nested HEALPix pixel.")
    cls = models.CharField(
        "class", max_length=20, help_text="The survey's class: STAR, GALAXY, QSO, Unknown."
    )
    subclass = models.CharField(max_length=40, blank=True)
    object_type = models.CharField(
        max_length=40, blank=True, help_text="Kind of target before observation (OBJTYPE)."
    )
    z = models.FloatField(null=True, blank=True, help_text="Published redshift; empty where unknown.")
    z_err = models.FloatField(null=True, blank=True, help_text="Error of the published redshift.")
    mjd = models.IntegerField(null=True, blank=True, help_text="Local modified Julian day of observation.")
    plan_id = models.CharField(max_length=60, blank=True, help_text="LAMOST plan or SDSS plate.")
    spectrograph = models.SmallIntegerField(null=True, blank=True)
    fiber = models.SmallIntegerField(null=True, blank=True)
    snr_u = models.FloatField(null=True, blank=True, help_text="Median S/N per pixel in u.")
    snr_g = models.FloatField(null=True, blank=True, help_text="Median S/N per pixel in g.")
    snr_r = models.FloatField(null=True, blank=True, help_text="Median S/N per pixel in r.")
    snr_i = models.FloatField(null=True, blank=True, help_text="Median S/N per pixel in i.")
    snr_z = models.FloatField(null=True, blank=True, help_text="Median S/N per pixel in z.")
    mag_g = models.FloatField(null=True, blank=True, help_text="Catalogue g magnitude, mag.")
    mag_r = models.FloatField(null=True, blank=True, help_text="Catalogue r magnitude, mag.")
    mag_i = models.FloatField(null=True, blank=True, help_text="Catalogue i magnitude, mag.")

    file = models.FileField(
        storage=spectrum_storage, max_length=300, blank=True,
        help_text="The original file; empty while only the catalogue row is known.",
    )  # fmt: skip
    sha256 = models.CharField(max_length=64, blank=True, help_text="Checksum of the original file.")
    layout = models.CharField(max_length=40, blank=True, help_text="Layout met by the reader.")
    n_pixels = models.IntegerField(null=True, blank=True, help_text="Pixels in the file.")
    wave_min = models.FloatField(null=True, blank=True, help_text="First vacuum wavelength, Angstrom.")
    wave_max = models.FloatField(null=True, blank=True, help_text="Last vacuum wavelength, Angstrom.")
    flux_unit = models.CharField(max_length=60, blank=True, help_text="Unit of flux as the survey gives it.")
    warnings = models.JSONField(default=list, blank=True, help_text="Codes of the reader's warnings.")
    imported_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "spectra"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["release", "name"], name="spectrum_unique_name"),
            models.UniqueConstraint(
                fields=["release", "obsid"], condition=Q(obsid__isnull=False), name="spectrum_unique_obsid"
            ),
            models.UniqueConstraint(
                fields=["release", "sha256"], condition=~Q(sha256=""), name="spectrum_unique_checksum"
            ),
            models.CheckConstraint(condition=POSITION_CHECKS["ra"], name="spectrum_ra_range"),
            models.CheckConstraint(condition=POSITION_CHECKS["dec"], name="spectrum_dec_range"),
            models.CheckConstraint(
                condition=Q(ra__isnull=True, dec__isnull=True, healpix__isnull=True)
                | Q(ra__isnull=False, dec__isnull=False, healpix__isnull=False),
                name="spectrum_position_whole",
            ),
            models.CheckConstraint(
                condition=~Q(role="template") | Q(z__isnull=False), name="spectrum_template_has_z"
            ),
            models.CheckConstraint(
                condition=Q(file="", sha256="") | ~Q(file="") & ~Q(sha256=""),
                name="spectrum_file_has_checksum",
            ),
        ]
        indexes = [
            models.Index(fields=["name"], opclasses=["varchar_pattern_ops"], name="spectrum_name"),
            models.Index(Upper("designation"), name="spectrum_designation"),
            models.Index(fields=["name", "id"], name="spectrum_name_id"),
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="spectrum_name_parts"),
            models.Index(fields=["healpix"], name="spectrum_healpix"),
            models.Index(fields=["release", "role", "cls"], name="spectrum_release_role"),
            models.Index(fields=["snr_r", "id"], name="spectrum_snr_r"),
            models.Index(fields=["z", "id"], name="spectrum_z"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("spectrum", args=[self.name])


class Truth(models.Model):
    """What the simulator put into a simulated spectrum."""

    spectrum = models.OneToOneField(Spectrum, on_delete=models.CASCADE, related_name="truth")
    kind = models.CharField(max_length=40, help_text="Galaxy, H II region, planetary nebula, F star, noise.")
    z = models.FloatField(null=True, blank=True, help_text="True redshift.")
    velocity_kms = models.FloatField(null=True, blank=True, help_text="True velocity, km/s.")
    sigma_kms = models.FloatField(null=True, blank=True, help_text="True line width (sigma), km/s.")
    bpt_class = models.CharField(max_length=20, blank=True)
    region = models.CharField(max_length=30, blank=True, help_text="WISE region that holds the position.")
    line_fluxes = models.JSONField(
        default=dict, help_text="Line key to true flux, in the spectrum's flux unit times Angstrom."
    )

    def __str__(self) -> str:
        return f"{self.spectrum_id}: {self.kind}"


class ImportBatch(models.Model):
    """One import: a folder, an archive or an upload."""

    origin = models.CharField(max_length=400, help_text="Folder, archive or upload as the operator named it.")
    release = models.ForeignKey(
        Release, on_delete=models.PROTECT, null=True, blank=True, related_name="batches"
    )
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    imported = models.PositiveIntegerField(default=0, help_text="Spectra newly held.")
    attached = models.PositiveIntegerField(
        default=0, help_text="Files joined to rows of an imported catalogue."
    )
    already_held = models.PositiveIntegerField(default=0, help_text="Files whose checksum was held already.")
    refused = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "import batches"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Import {self.pk}: {self.origin}"


class Refusal(models.Model):
    """A file, or a catalogue row, that an import refused, and why."""

    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, related_name="refusals")
    file = models.CharField(max_length=400, help_text="File (and archive member or row) as it was met.")
    reason = models.SlugField(max_length=40, help_text="Code of the reason, from the readers' registry.")
    detail = models.TextField(help_text="What was found, with its numbers.")
    advice = models.TextField(help_text="What to do.")
    sha256 = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["reason", "id"], name="refusal_reason")]

    def __str__(self) -> str:
        return f"{self.file}: {self.reason}"
