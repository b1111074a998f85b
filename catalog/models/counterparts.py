"""What other catalogues hold at a source's position: lookups, their answers, and local snapshots."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper

from .survey import POSITION_CHECKS, Source


class Service(models.TextChoices):
    """Who is asked. The first three decide whether a galaxy is new; the others only raise flags."""

    SIMBAD = "simbad", "SIMBAD"
    SDSS = "sdss", "SDSS"
    NED = "ned", "NED"
    GAIA = "gaia", "Gaia"
    PN = "pn", "planetary nebulae"
    SNR = "snr", "supernova remnants"
    LAMOST = "lamost", "later LAMOST releases"
    DESI = "desi", "DESI"


DECIDING = (Service.SIMBAD, Service.SDSS, Service.NED)


class Snapshot(models.Model):
    """A catalogue loaded from a file, that answers in place of a service. Its rows never change."""

    service = models.CharField(max_length=10, choices=Service)
    release = models.CharField(max_length=60, help_text="Release of the catalogue, such as DR17.")
    origin = models.CharField(max_length=400, help_text="File and where it came from.")
    dated = models.DateField(help_text="Day on which the catalogue was taken from its service.")
    sha256 = models.CharField(max_length=64, help_text="Checksum of the file.")
    n_objects = models.IntegerField(help_text="Objects loaded.")
    simulated = models.BooleanField(
        default=False, help_text="Made by the simulator: it answers about simulated sources only."
    )
    coverage_order = models.SmallIntegerField(
        null=True, blank=True, help_text="HEALPix order of the coverage; empty where it covers the whole sky."
    )
    coverage = models.BinaryField(
        null=True, blank=True, help_text="Nested pixels that it covers: int64, little endian, ascending."
    )
    loaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    loaded_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when it is not asked any more; what it answered stays."
    )
    retired_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["service", "release"], name="snapshot_unique"),
            models.CheckConstraint(
                condition=Q(coverage__isnull=True, coverage_order__isnull=True)
                | Q(coverage__isnull=False, coverage_order__isnull=False),
                name="snapshot_coverage_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_service_display()} {self.release}"


class SnapshotObject(models.Model):
    """One object of a snapshot."""

    snapshot = models.ForeignKey(Snapshot, on_delete=models.CASCADE, related_name="held")
    identifier = models.CharField(max_length=120, help_text="Name or id, as text.")
    object_type = models.CharField(max_length=60, blank=True)
    ra = models.FloatField(help_text="Right ascension (ICRS), deg.")
    dec = models.FloatField(help_text="Declination (ICRS), deg.")
    healpix = models.BigIntegerField(help_text="Order-29 nested HEALPix pixel.")
    z = models.FloatField(null=True, blank=True, help_text="Redshift.")
    z_err = models.FloatField(null=True, blank=True, help_text="Its error.")
    petro_radius_arcsec = models.FloatField(null=True, blank=True, help_text="Petrosian radius, arcsec.")
    extent_arcsec = models.FloatField(
        null=True, blank=True, help_text="Radius of an extended object, arcsec; a source inside it matches."
    )
    parallax_mas = models.FloatField(null=True, blank=True, help_text="Parallax, mas.")
    parallax_err_mas = models.FloatField(null=True, blank=True, help_text="Its error, mas.")
    pm_mas_yr = models.FloatField(null=True, blank=True, help_text="Total proper motion, mas/yr.")
    pm_err_mas_yr = models.FloatField(null=True, blank=True, help_text="Its error, mas/yr.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["snapshot", "identifier"], name="snapshotobject_unique"),
            models.CheckConstraint(condition=POSITION_CHECKS["ra"], name="snapshotobject_ra_range"),
            models.CheckConstraint(condition=POSITION_CHECKS["dec"], name="snapshotobject_dec_range"),
        ]
        indexes = [
            models.Index(fields=["snapshot", "healpix"], name="snapshotobject_place"),
            models.Index(
                fields=["snapshot", "extent_arcsec"],
                condition=Q(extent_arcsec__isnull=False),
                name="snapshotobject_extent",
            ),
        ]


class CounterpartLookup(models.Model):
    """One service asked about one source, and how that ended. Never made up: a row is a real answer."""

    class Outcome(models.TextChoices):
        MATCHED = "matched", "matched"
        NO_MATCH = "no-match", "no match"
        NOT_COVERED = "not-covered", "not covered"
        FAILED = "failed", "failed"

    ANSWERED = (Outcome.MATCHED, Outcome.NO_MATCH)
    """Outcomes that say what the service holds."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="lookups")
    service = models.CharField(max_length=10, choices=Service)
    outcome = models.CharField(max_length=12, choices=Outcome)
    release = models.CharField(max_length=60, help_text="Release or date of the service.")
    provider = models.CharField(max_length=20, blank=True, help_text="The road taken: a client, or snapshot.")
    snapshot = models.ForeignKey(
        Snapshot, on_delete=models.PROTECT, null=True, blank=True, related_name="lookups"
    )
    ra = models.FloatField(null=True, help_text="Right ascension asked about (ICRS), deg.")
    dec = models.FloatField(null=True, help_text="Declination asked about (ICRS), deg.")
    radius_arcsec = models.FloatField(help_text="Search radius, arcsec.")
    query_sha256 = models.CharField(max_length=64, blank=True, help_text="Checksum of the request.")
    asked_at = models.DateTimeField()
    detail = models.CharField(max_length=300, blank=True, help_text="What failed, in words.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "service", "release", "radius_arcsec"], name="lookup_unique"
            ),
            models.CheckConstraint(condition=Q(radius_arcsec__gt=0), name="lookup_radius_positive"),
        ]
        indexes = [
            models.Index(fields=["service", "outcome"], name="lookup_outcome"),
            models.Index(fields=["asked_at"], name="lookup_asked"),
        ]


class Counterpart(models.Model):
    """One object that a service holds within the radius; all are kept."""

    lookup = models.ForeignKey(CounterpartLookup, on_delete=models.CASCADE, related_name="counterparts")
    identifier = models.CharField(
        max_length=120, help_text="Name or id; SDSS ids are 64-bit and kept as text."
    )
    object_type = models.CharField(max_length=60, blank=True)
    ra = models.FloatField(help_text="Right ascension (ICRS), deg.")
    dec = models.FloatField(help_text="Declination (ICRS), deg.")
    separation_arcsec = models.FloatField(help_text="From the source, arcsec.")
    z = models.FloatField(null=True, blank=True, help_text="Redshift given by the service.")
    z_err = models.FloatField(null=True, blank=True, help_text="Its error.")
    petro_radius_arcsec = models.FloatField(null=True, blank=True, help_text="SDSS Petrosian radius, arcsec.")
    note = models.CharField(
        max_length=200, blank=True, help_text="What else bears on it: parallax and its S/N, extent."
    )

    class Meta:
        ordering = ["lookup", "separation_arcsec"]
        constraints = [models.UniqueConstraint(fields=["lookup", "identifier"], name="counterpart_unique")]
        indexes = [models.Index(Upper("identifier"), name="counterpart_identifier")]


class Outage(models.Model):
    """A service that failed lately: nobody asks it again before ``until``."""

    service = models.CharField(max_length=10, choices=Service)
    provider = models.CharField(max_length=20)
    failures = models.IntegerField(default=1, help_text="Failures in a row.")
    since = models.DateTimeField()
    until = models.DateTimeField(help_text="Not asked again before.")
    detail = models.CharField(max_length=300, help_text="The last failure, in words.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["service", "provider"], name="outage_unique")]
