"""States of jobs and chunks, and the order of stages: names, labels and membership in one place."""

from django.db import models


class JobState(models.TextChoices):
    QUEUED = "queued", "queued"
    RUNNING = "running", "running"
    SUCCEEDED = "succeeded", "succeeded"
    FAILED = "failed", "failed"
    CANCELLED = "cancelled", "cancelled"

    @property
    def is_terminal(self) -> bool:
        return self in TERMINAL

    @property
    def tone(self) -> str:
        """How pages colour it: calm, busy, good or bad."""
        return {
            "queued": "calm",
            "running": "busy",
            "succeeded": "good",
            "failed": "bad",
            "cancelled": "calm",
        }[self]


TERMINAL = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED})
ACTIVE = frozenset({JobState.QUEUED, JobState.RUNNING})


class ChunkState(models.TextChoices):
    WAITING = "waiting", "waiting"
    LEASED = "leased", "leased"
    DONE = "done", "done"
    FAILED = "failed", "failed"


class RetrievalStage(models.TextChoices):
    """The stages of a retrieval run, in their order."""

    SELECT = "select", "Select spectra"
    PREPARE = "prepare", "Prepare spectra"
    DETECT = "detect", "Detect lines, redshifts from lines"
    TRAIN = "train", "Train codebooks"
    ENCODE = "encode", "Encode templates"
    SEARCH = "search", "Search nearest templates"
    CONFIRM = "confirm", "Confirm candidates"
    MEASURE = "measure", "Measure lines, classify"
    FINISH = "finish", "Count and close"

    @property
    def number(self) -> int:
        return list(type(self)).index(self)


class ImportStage(models.TextChoices):
    """The stages of an import, in their order."""

    LIST = "list", "List files"
    IMPORT = "import", "Import spectra"
    FINISH = "finish", "Count and close"

    @property
    def number(self) -> int:
        return list(type(self)).index(self)


class CounterpartStage(models.TextChoices):
    """The stages of a look-up of counterparts, in their order."""

    LIST = "list", "List what is not answered yet"
    ASK = "ask", "Ask the services"
    FINISH = "finish", "Flag and count"

    @property
    def number(self) -> int:
        return list(type(self)).index(self)
