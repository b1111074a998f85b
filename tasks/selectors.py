"""How far a job is: what pages, JSON and the terminal show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, Q, Sum
from django.utils import timezone

from .models import Job, LogLine
from .stages import stages_of
from .states import ChunkState, JobState

LOG_LINES = 200


@dataclass(frozen=True)
class StageProgress:
    """One stage: units of work in all and done, units a second over its time so far, seconds of work on it.

    Time in which nobody worked, from a cancel to its retry say, is not counted.
    """

    name: str
    label: str
    unit: str
    state: str
    total: int
    done: int
    chunks: int
    rate: float | None
    seconds: float | None

    @property
    def share(self) -> float:
        return self.done / self.total if self.total else 0.0

    @property
    def percent(self) -> int:
        return int(100 * self.share)


@dataclass(frozen=True)
class Progress:
    """A whole job: seconds of work on it, an estimate of those left, and its stages."""

    state: str
    tone: str
    active: bool
    error: str
    seconds: float | None
    remaining: float | None
    share: float
    stages: list[StageProgress]

    @property
    def percent(self) -> int:
        return int(100 * self.share)

    def as_json(self) -> dict[str, Any]:
        stages = [asdict(stage) | {"percent": stage.percent} for stage in self.stages]
        return asdict(self) | {"percent": self.percent, "stages": stages}


def job_log(job: Job, *, whole: bool) -> list[LogLine]:
    """The last lines of a job's log, oldest first.

    Only the first line of each message unless ``whole``: tracebacks are for those who keep the portal.
    """
    lines = list(job.log.order_by("-pk")[:LOG_LINES])[::-1]
    if not whole:
        for line in lines:
            line.message = line.message.partition("\n")[0]
    return lines


def progress_json(job: Job, *, whole: bool) -> dict[str, Any]:
    """Progress and log (see job_log) of a job for the page that polls it."""
    lines = [
        {"at": line.at.isoformat(timespec="seconds"), "level": line.level, "message": line.message}
        for line in job_log(job, whole=whole)
    ]
    return job_progress(job).as_json() | {"log": lines}


def job_progress(job: Job) -> Progress:
    """How far a job is, from its chunks: two queries."""
    done = Q(state=ChunkState.DONE)
    rows = job.chunks.order_by().values("stage_number")
    rows = rows.annotate(
        total=Sum("work"),
        done=Sum("work", filter=done, default=0),
        chunks=Count("pk"),
        open=Count("pk", filter=~done),
        started=Min("started_at"),
    )
    by_number = {row["stage_number"]: row for row in rows}
    worked = seconds_worked(job, job.finished_at or timezone.now())
    stages = []
    for number, stage in enumerate(stages_of(job)):
        row = by_number.get(number)
        state = _stage_state(row, ended=job.finished_at is not None)
        seconds = worked.get(number)
        amount = row["done"] if row else 0
        stages.append(
            StageProgress(
                name=stage.name,
                label=stage.label,
                unit=stage.unit,
                state=state,
                total=row["total"] if row else 0,
                done=amount,
                chunks=row["chunks"] if row else 0,
                rate=round(amount / seconds, 1) if seconds and amount else None,
                seconds=seconds,
            )
        )
    state = JobState(job.state)
    share, remaining = _share_and_remaining(job, stages)
    return Progress(
        state=state.value,
        tone=state.tone,
        active=not state.is_terminal,
        error=job.error,
        seconds=sum(worked.values()) if job.started_at else None,
        remaining=None if state.is_terminal else remaining,
        share=1.0 if state == JobState.SUCCEEDED else share,
        stages=stages,
    )


def _stage_state(row: Mapping[str, Any] | None, *, ended: bool) -> str:
    if row is None or row["started"] is None:
        return "not begun" if ended else "waiting"
    if row["open"]:
        return "stopped" if ended else "running"
    return "done"


def seconds_worked(job: Job, now: datetime) -> dict[int, float]:
    """By stage: the seconds in which at least one of its chunks was under way."""
    chunks = job.chunks.filter(started_at__isnull=False).order_by("stage_number", "started_at")
    worked: dict[int, float] = {}
    until: dict[int, datetime] = {}
    for number, state, started, finished in chunks.values_list(
        "stage_number", "state", "started_at", "finished_at"
    ):
        if started is None or state == ChunkState.WAITING:  # given up
            continue
        end = finished or now
        begin = max(started, until.get(number, started))
        worked[number] = worked.get(number, 0.0) + max(0.0, (end - begin).total_seconds())
        until[number] = max(end, begin)
    return worked


def _share_and_remaining(job: Job, stages: list[StageProgress]) -> tuple[float, float | None]:
    """The share done and the seconds left: the estimate, corrected by how long its done part really took."""
    costs = job.parameters.get("estimate", {}).get("stages", {})
    planned = {stage.name: costs.get(stage.name, 1.0) for stage in stages}
    done = sum(planned[stage.name] * stage.share for stage in stages)
    whole = sum(planned.values())
    if not done:
        return 0.0, whole if costs else None
    took = sum(stage.seconds or 0.0 for stage in stages)
    return done / whole, (whole - done) * took / done
