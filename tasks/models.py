"""Jobs, chunks and logs: these rows are the truth, messages on the broker only wake workers up."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from catalog.models import ImportBatch, Run

from .states import ChunkState, JobState


class Job(models.Model):
    """One piece of work that an operator started."""

    class Kind(models.TextChoices):
        RETRIEVAL = "retrieval", "retrieval run"
        IMPORT = "import", "import of spectra"
        COUNTERPARTS = "counterparts", "look-up of counterparts"

    kind = models.CharField(max_length=12, choices=Kind)
    state = models.CharField(max_length=12, choices=JobState, default=JobState.QUEUED)
    run = models.OneToOneField(Run, on_delete=models.CASCADE, null=True, blank=True, related_name="job")
    batch = models.OneToOneField(
        ImportBatch, on_delete=models.CASCADE, null=True, blank=True, related_name="job"
    )
    looked_up = models.ForeignKey(
        Run, on_delete=models.CASCADE, null=True, blank=True, related_name="lookup_jobs",
        help_text="The run whose galaxies are looked up in other catalogues.",
    )  # fmt: skip
    parameters = models.JSONField(default=dict, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    error = models.TextField(blank=True, help_text="Why it failed and what to do.")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(
        null=True, blank=True, help_text="Last sign of life of a worker on it."
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="retrieval", run__isnull=False)
                | Q(kind="import", batch__isnull=False)
                | Q(kind="counterparts", looked_up__isnull=False),
                name="job_has_subject",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running"], finished_at__isnull=True)
                | Q(state__in=["succeeded", "failed", "cancelled"], finished_at__isnull=False),
                name="job_finished_when_terminal",
            ),
        ]
        indexes = [models.Index(fields=["state", "heartbeat_at"], name="job_state_heartbeat")]

    def __str__(self) -> str:
        return f"Job {self.pk} ({self.kind}, {self.state})"

    def get_absolute_url(self) -> str:
        return self.run.get_absolute_url() if self.run else reverse("job", args=[self.pk])

    @property
    def subject(self) -> str:
        """What it works on, for people."""
        return f"Look-up for run {self.looked_up_id}" if self.looked_up_id else str(self.run or self.batch)


class Chunk(models.Model):
    """A short, idempotent piece of one stage of a job. A stage starts when the one before is done."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="chunks")
    stage = models.CharField(max_length=20, help_text="Name of the stage.")
    stage_number = models.SmallIntegerField(help_text="Order of the stage in the job.")
    number = models.IntegerField(help_text="From 0 within the stage.")
    state = models.CharField(max_length=10, choices=ChunkState, default=ChunkState.WAITING)
    payload = models.JSONField(default=dict, help_text="What to work on: ids and numbers only.")
    work = models.IntegerField(default=1, help_text="Units of work, for rate and remaining time.")
    attempts = models.SmallIntegerField(default=0)
    lease = models.UUIDField(
        null=True, blank=True, help_text="Who holds it; a result without it is fenced off."
    )
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["job", "stage_number", "number"]
        constraints = [
            models.UniqueConstraint(fields=["job", "stage_number", "number"], name="chunk_unique"),
            models.CheckConstraint(
                condition=~Q(state="leased") | Q(lease__isnull=False, lease_expires_at__isnull=False),
                name="chunk_lease_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["job", "stage_number"], condition=~Q(state="done"), name="chunk_open"),
        ]


class LogLine(models.Model):
    """One line of a job's log."""

    class Level(models.TextChoices):
        INFO = "info", "info"
        WARNING = "warning", "warning"
        ERROR = "error", "error"

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="log")
    at = models.DateTimeField(auto_now_add=True)
    level = models.CharField(max_length=8, choices=Level, default=Level.INFO)
    message = models.TextField()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["job", "id"], name="logline_job")]


class KeptSpectrum(models.Model):
    """A spectrum that its sender asked to keep for a while. Only who has the token finds it."""

    token_sha256 = models.CharField(
        max_length=64, unique=True, help_text="Checksum of the token in its address."
    )
    data = models.BinaryField(help_text="The spectrum as tasks.kin.packing packs it.")
    choices = models.JSONField(default=dict, help_text="Parameters of the search, as in the form.")
    kept_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True, help_text="Deleted then.")

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "kept spectra"

    def __str__(self) -> str:
        return f"Spectrum kept until {self.expires_at:%Y-%m-%d}"
