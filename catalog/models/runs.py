"""Retrieval runs and what they compute: codebooks, codes, line redshifts, neighbours."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse

from .survey import Spectrum


class Run(models.Model):
    """One retrieval run: a profile, its parameters, two selections, and its configurations.

    Result rows point here, so that each carries profile, parameters, code version and seed.
    """

    class Profile(models.TextChoices):
        LU2022 = "lu2022", "lu2022 (the paper as written)"
        CUSTOM = "custom", "custom"

    class Metric(models.TextChoices):
        L2_SUM = "l2_sum", "sum of Euclidean distances (the paper)"
        L2_SQUARED = "l2_squared", "sum of squared distances (Jegou et al. 2011)"

    class Normalization(models.TextChoices):
        L2 = "l2", "unit norm"
        AS_PRINTED = "as_printed", "f / sum(f^2), as the paper prints it"

    profile = models.CharField(max_length=20, choices=Profile)
    metric = models.CharField(max_length=12, choices=Metric, default=Metric.L2_SUM)
    normalization = models.CharField(max_length=12, choices=Normalization, default=Normalization.L2)
    z_tolerance = models.FloatField(
        default=0.001, help_text="Largest |z_CL - z_RT| of a candidate, and largest spread of agreeing lines."
    )
    velocity_limit_kms = models.FloatField(
        default=500.0, help_text="Below it in both redshifts: nebula candidate, km/s."
    )
    detection = models.JSONField(default=dict, help_text="Parameters of the line search, by name.")
    seed = models.BigIntegerField(default=0, help_text="Seed of the codebooks.")
    template_selection = models.JSONField(
        default=dict, help_text="Filter of spectra that gives the templates."
    )
    query_selection = models.JSONField(default=dict, help_text="Filter of spectra that gives the queries.")
    region_version = models.CharField(
        max_length=20,
        blank=True,
        help_text="Version of the H II region catalogue that nebulae were matched with.",
    )
    code_version = models.CharField(max_length=60, help_text="Version of the code that computed the run.")
    note = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    completed_at = models.DateTimeField(
        null=True, blank=True, help_text="Set when every stage has ended well."
    )
    n_templates = models.IntegerField(default=0, help_text="Templates that could be prepared.")
    n_queries = models.IntegerField(default=0, help_text="Queries that could be prepared.")
    n_unusable = models.IntegerField(default=0, help_text="Selected spectra that could not be prepared.")
    n_line_redshifts = models.IntegerField(default=0, help_text="Queries with a redshift from lines (z_CL).")
    n_candidates = models.IntegerField(
        default=0, help_text="Spectra confirmed by at least one configuration."
    )
    neighbours_sha256 = models.CharField(
        max_length=64, blank=True, help_text="Over spectrum, template and distance in a stable order."
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(z_tolerance__gt=0), name="run_tolerance_positive"),
            models.CheckConstraint(condition=Q(velocity_limit_kms__gt=0), name="run_velocity_positive"),
        ]
        indexes = [models.Index(fields=["-completed_at"], name="run_completed")]

    def __str__(self) -> str:
        return f"Run {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("run", args=[self.pk])


class SpectrumBlock(models.Model):
    """Some hundred spectra of a run's selection, in its stable order; one unit of preparation."""

    class Part(models.TextChoices):
        TEMPLATES = "templates", "templates"
        QUERIES = "queries", "queries"

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="blocks")
    part = models.CharField(max_length=10, choices=Part)
    number = models.IntegerField(help_text="From 0, in the order of spectrum ids.")
    first = models.IntegerField(help_text="Row of the block's first spectrum in the prepared matrix.")
    count = models.IntegerField(help_text="Spectra in the block.")
    spectrum_ids = models.BinaryField(help_text="int64, little endian, count values.")
    usable = models.BinaryField(
        null=True,
        blank=True,
        help_text="uint8, count values: 1 where the spectrum could be prepared; empty until prepared.",
    )

    class Meta:
        ordering = ["run", "part", "number"]
        constraints = [
            models.UniqueConstraint(fields=["run", "part", "number"], name="spectrumblock_unique"),
            models.CheckConstraint(condition=Q(count__gt=0), name="spectrumblock_not_empty"),
        ]


class Codebook(models.Model):
    """One configuration (step, segments, centers) of a run and, once trained, its codebook."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="codebooks")
    number = models.SmallIntegerField(help_text="From 0, in the run's order.")
    step = models.SmallIntegerField(help_text="Sampling step, Angstrom.")
    segments = models.IntegerField(help_text="Number of segments M.")
    centers = models.IntegerField(help_text="Centres per segment K.")
    trained_at = models.DateTimeField(null=True, blank=True)
    encoded_at = models.DateTimeField(null=True, blank=True)
    inertia = models.FloatField(
        null=True, blank=True, help_text="Summed squared distance of the templates to their centres."
    )
    n_templates = models.IntegerField(null=True, blank=True, help_text="Templates it was trained on.")
    n_converged = models.IntegerField(
        null=True, blank=True, help_text="Segments whose k-means converged; empty where nobody recorded it."
    )
    iterations = models.SmallIntegerField(
        null=True, blank=True, help_text="Most iterations on all templates that a segment took."
    )
    train_seconds = models.FloatField(default=0.0, help_text="Learning the centres, summed over workers, s.")
    encode_seconds = models.FloatField(
        default=0.0, help_text="Encoding the templates, summed over workers, s."
    )
    search_seconds = models.FloatField(
        default=0.0, help_text="Searching the queries, summed over workers, s."
    )
    threads = models.SmallIntegerField(default=1, help_text="Threads of one worker.")
    plan = models.CharField(max_length=400, blank=True, help_text="How it was searched, and why.")
    n_bytes = models.BigIntegerField(default=0, help_text="Codebook and codes, byte.")

    class Meta:
        ordering = ["run", "number"]
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="codebook_unique_number"),
            models.UniqueConstraint(
                fields=["run", "step", "segments", "centers"], name="codebook_unique_configuration"
            ),
            models.CheckConstraint(
                condition=Q(step__gt=0, segments__gt=0, centers__gt=0), name="codebook_positive"
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        return f"{self.step}:{self.segments}:{self.centers}"


class CodebookBlock(models.Model):
    """The centres of some consecutive segments."""

    codebook = models.ForeignKey(Codebook, on_delete=models.CASCADE, related_name="blocks")
    first_segment = models.IntegerField()
    segments = models.IntegerField(help_text="Segments in the block.")
    data = models.BinaryField(help_text="float32, little endian, (segments, centers, samples per segment).")
    inertias = ArrayField(
        models.FloatField(),
        default=list,
        help_text="Summed squared distance of the templates to their centres, by segment.",
    )
    iterations = ArrayField(
        models.SmallIntegerField(), default=list, help_text="Iterations on all templates, by segment."
    )
    gains = ArrayField(
        models.FloatField(),
        default=list,
        help_text="Share of its inertia that the last iteration saved, by segment: 0.001 is converged.",
    )

    class Meta:
        ordering = ["codebook", "first_segment"]
        constraints = [
            models.UniqueConstraint(fields=["codebook", "first_segment"], name="codebookblock_unique")
        ]


class CodeBlock(models.Model):
    """PQ codes of some consecutive usable templates."""

    codebook = models.ForeignKey(Codebook, on_delete=models.CASCADE, related_name="code_blocks")
    number = models.IntegerField(help_text="Number of the SpectrumBlock of templates that it encodes.")
    count = models.IntegerField(help_text="Usable templates in the block.")
    data = models.BinaryField(
        help_text="uint8 up to 256 centres, else uint16 little endian, (count, segments)."
    )

    class Meta:
        ordering = ["codebook", "number"]
        constraints = [models.UniqueConstraint(fields=["codebook", "number"], name="codeblock_unique")]


class LineRedshift(models.Model):
    """The redshift that a query's emission lines give (z_CL), once per run."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="line_redshifts")
    spectrum = models.ForeignKey(Spectrum, on_delete=models.CASCADE, related_name="line_redshifts")
    z = models.FloatField(help_text="Redshift from lines, z_CL.")
    scatter = models.FloatField(help_text="Standard deviation of the agreeing lines' redshifts.")
    lines = models.JSONField(help_text="Agreeing line keys and their observed vacuum wavelengths, Angstrom.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "spectrum"], name="lineredshift_unique")]


class Neighbour(models.Model):
    """A query's k-th nearest template under one configuration."""

    codebook = models.ForeignKey(Codebook, on_delete=models.CASCADE, related_name="neighbours")
    spectrum = models.ForeignKey(Spectrum, on_delete=models.CASCADE, related_name="neighbours")
    template = models.ForeignKey(Spectrum, on_delete=models.CASCADE, related_name="+", db_index=False)
    rank = models.SmallIntegerField(default=1, help_text="1 for the nearest.")
    distance = models.FloatField(help_text="PQ distance in the run's metric, unit of the prepared flux.")
    z = models.FloatField(help_text="Published redshift of the template, z_RT.")
    agrees = models.BooleanField(default=False, help_text="|z_CL - z_RT| within the run's tolerance.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["codebook", "spectrum", "rank"], name="neighbour_unique")
        ]
        indexes = [
            models.Index(fields=["spectrum", "codebook"], name="neighbour_spectrum"),
            models.Index(
                fields=["codebook", "spectrum"], condition=Q(agrees=True), name="neighbour_agreeing"
            ),
        ]
