"""The WISE Catalog of Galactic H II Regions (Anderson et al. 2014) and who lies inside."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from .survey import Spectrum


class HIIRegion(models.Model):
    """One region of one version of the WISE catalogue."""

    class Catalog(models.TextChoices):
        KNOWN = "K", "known"
        GROUP = "G", "group"
        CANDIDATE = "C", "candidate"
        RADIO_QUIET = "Q", "radio quiet"

    version = models.CharField(max_length=20, help_text="Version of the WISE catalogue, such as V2.2.")
    name = models.CharField(max_length=30, help_text="WISE name, such as G173.588-01.606.")
    catalog = models.CharField(max_length=1, choices=Catalog, help_text="Catalogue code: K, G, C or Q.")
    glon = models.FloatField(help_text="Galactic longitude, deg.")
    glat = models.FloatField(help_text="Galactic latitude, deg.")
    ra = models.FloatField(help_text="Right ascension (ICRS), deg.")
    dec = models.FloatField(help_text="Declination (ICRS), deg.")
    healpix = models.BigIntegerField(help_text="Order-29 nested HEALPix pixel of the centre.")
    radius_arcsec = models.FloatField(help_text="Radius, arcsec.")
    hii_name = models.CharField(
        max_length=200, blank=True, help_text="Name of the H II region, such as Sh2-235."
    )
    vlsr = models.CharField(
        max_length=120, blank=True, help_text="LSR velocities as printed (may be a list), km/s."
    )
    velocities_kms = ArrayField(
        models.FloatField(),
        default=list,
        blank=True,
        help_text="LSR velocities, km/s; empty where none is printed.",
    )

    class Meta:
        verbose_name = "H II region"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["version", "name"], name="hiiregion_unique"),
            models.CheckConstraint(condition=Q(radius_arcsec__gt=0), name="hiiregion_radius_positive"),
        ]

    def __str__(self) -> str:
        return self.name


class RegionMatch(models.Model):
    """A spectrum inside a region's radius. Every containment is kept; of each version one is best."""

    spectrum = models.ForeignKey(Spectrum, on_delete=models.CASCADE, related_name="region_matches")
    region = models.ForeignKey(HIIRegion, on_delete=models.CASCADE, related_name="matches")
    version = models.CharField(max_length=20, help_text="That of the region.")
    separation_arcsec = models.FloatField(help_text="From the region's centre, arcsec.")
    is_best = models.BooleanField(
        default=False, help_text="Smallest separation over radius; ties K, G, C, Q, then name."
    )

    class Meta:
        verbose_name_plural = "region matches"
        constraints = [
            models.UniqueConstraint(fields=["spectrum", "region"], name="regionmatch_unique"),
            models.UniqueConstraint(
                fields=["spectrum", "version"], condition=Q(is_best=True), name="regionmatch_one_best"
            ),
        ]
