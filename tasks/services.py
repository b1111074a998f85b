"""Starting, cancelling and retrying jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone

from catalog import prepared
from catalog.counterparts import plan as counterparts
from catalog.counterparts.roads import RADIUS_ARCSEC
from catalog.ingest.records import clean
from catalog.models import Codebook, ImportBatch, Run, SpectrumBlock
from catalog.runs import Parameters, Selection, overlap, selection
from retrieval.detect import DetectParameters
from retrieval.prepare import NORMALIZATIONS
from retrieval.profiles import Configuration, profile_of
from retrieval.redshift import HIGHEST_TOLERANCE, TOLERANCE
from retrieval.search import METRICS
from retrieval.velocity import NEBULAR_LIMIT

from . import uploads
from .estimate import Estimate, estimate
from .leases import locked, release_all
from .models import Chunk, Job, LogLine
from .states import ACTIVE, ChunkState, CounterpartStage, ImportStage, JobState, RetrievalStage
from .work import wake

TEMPLATES = {"role": ["template"]}
QUERIES = {"role": ["unknown"]}
NO_CONFIGURATION = "Choose at least one configuration."
HIGHEST_VELOCITY = 3000.0  # km/s: beyond it nothing belongs to the Galaxy


@dataclass(frozen=True)
class Plan:
    """A run that may be launched: its configurations, selections, profile and cost."""

    configurations: tuple[Configuration, ...]
    templates: Selection
    queries: Selection
    profile: str
    estimate: Estimate


def retrieval_plan(
    *,
    configurations: Sequence[Configuration],
    metric: str = "l2_sum",
    normalization: str = "l2",
    z_tolerance: float = TOLERANCE,
    velocity_limit_kms: float = NEBULAR_LIMIT,
    template_selection: Parameters = TEMPLATES,
    query_selection: Parameters = QUERIES,
    seed: int = 0,
) -> Plan:
    """Check a run. Raises ValidationError that names every fault with its numbers."""
    faults: list[str] = []
    if metric not in METRICS:
        faults.append(f"Metric {metric!r} is not one of {', '.join(METRICS)}.")
    if normalization not in NORMALIZATIONS:
        faults.append(f"Normalisation {normalization!r} is not one of {', '.join(NORMALIZATIONS)}.")
    if not 0 < z_tolerance < HIGHEST_TOLERANCE:
        faults.append(
            f"The redshift tolerance is {z_tolerance:g}; it must be above 0 and below {HIGHEST_TOLERANCE:g}."
        )
    if not 0 < velocity_limit_kms <= HIGHEST_VELOCITY:
        faults.append(
            f"The velocity limit is {velocity_limit_kms:g} km/s; "
            f"it must lie above 0 and at most at {HIGHEST_VELOCITY:g}."
        )
    if not 0 <= seed < 2**63:
        faults.append(f"The seed is {seed}; it must be 0 to {2**63 - 1}.")
    if not configurations:
        faults.append(NO_CONFIGURATION)
    repeated = sorted({c for c in configurations if list(configurations).count(c) > 1})
    if repeated:
        faults.append(f"Configurations given more than once: {', '.join(map(str, repeated))}.")
    templates = selection(SpectrumBlock.Part.TEMPLATES, template_selection)
    queries = selection(SpectrumBlock.Part.QUERIES, query_selection)
    faults += selection_faults(templates, queries)
    if templates.count:
        faults += [fault for c in configurations if (fault := c.obstacle(templates.count))]
    if faults:
        raise ValidationError(faults)
    parameters = {
        "metric": metric,
        "z_tolerance": z_tolerance,
        "velocity_limit_kms": velocity_limit_kms,
        "detection": asdict(DetectParameters()),
    }
    return Plan(
        configurations=tuple(configurations),
        templates=templates,
        queries=queries,
        profile=profile_of(tuple(configurations), parameters),
        estimate=estimate(
            configurations=configurations,
            templates=templates.count,
            queries=queries.count,
            workers=settings.WORKERS,
        ),
    )


def selection_faults(templates: Selection, queries: Selection) -> list[str]:
    """Why these selections cannot make a run; empty where they can."""
    faults = []
    for chosen, needs in ((templates, "a file and a published redshift"), (queries, "a file")):
        if chosen.count == 0:
            name = chosen.part.label
            faults.append(
                f"None of the {chosen.left_out} selected {name} has {needs}: import their files."
                if chosen.left_out
                else f"The selection of {name} holds no spectra: widen it, or import some."
            )
    if not faults and (both := overlap(templates, queries)):
        faults.append(
            f"{both} spectra are both templates and queries: each would find itself. Narrow one selection."
        )
    return faults


@transaction.atomic
def retrieval_launch(
    *,
    configurations: Sequence[Configuration],
    metric: str = "l2_sum",
    normalization: str = "l2",
    z_tolerance: float = TOLERANCE,
    velocity_limit_kms: float = NEBULAR_LIMIT,
    template_selection: Parameters = TEMPLATES,
    query_selection: Parameters = QUERIES,
    seed: int = 0,
    owner: User | None = None,
    note: str = "",
    like: Run | None = None,
) -> Run:
    """Make a run and its job, and wake the workers. Raises ValidationError (see retrieval_plan).

    ``like`` is the run whose settings it began with; the job remembers it.
    """
    plan = retrieval_plan(
        configurations=configurations,
        metric=metric,
        normalization=normalization,
        z_tolerance=z_tolerance,
        velocity_limit_kms=velocity_limit_kms,
        template_selection=template_selection,
        query_selection=query_selection,
        seed=seed,
    )
    run = Run.objects.create(
        profile=plan.profile,
        metric=metric,
        normalization=normalization,
        z_tolerance=z_tolerance,
        velocity_limit_kms=velocity_limit_kms,
        detection=asdict(DetectParameters()),
        seed=seed,
        template_selection=plan.templates.parameters,
        query_selection=plan.queries.parameters,
        code_version=settings.VERSION,
        note=note,
        created_by=owner,
    )
    Codebook.objects.bulk_create(
        Codebook(run=run, number=number, step=c.step, segments=c.segments, centers=c.centers)
        for number, c in enumerate(plan.configurations)
    )
    job = Job.objects.create(
        kind=Job.Kind.RETRIEVAL,
        run=run,
        owner=owner,
        parameters={"estimate": plan.estimate.as_json(), "like": like.pk if like else None},
    )
    stage = RetrievalStage.SELECT
    Chunk.objects.create(job=job, stage=stage, stage_number=stage.number, number=0)
    by = f"{owner or 'the command line'}{f', like run {like.pk}' if like else ''}"
    _log(job, f"Launched by {by}: {', '.join(map(str, plan.configurations))}.")
    wake(job)
    return run


def import_launch(
    *,
    files: Sequence[UploadedFile],
    release: str | None = None,
    role: str | None = None,
    owner: User | None = None,
) -> Job:
    """Keep uploaded files and make the job that imports them.

    ``release`` is a slug, ``role`` one of Spectrum.Role; where None, the headers tell. Raises
    ValidationError where there is no file.
    """
    if not files:
        raise ValidationError("Choose at least one file.")
    origin = f"upload of {files[0].name}" + (f" and {len(files) - 1} more" if len(files) > 1 else "")
    batch = ImportBatch.objects.create(origin=clean(origin, 400), started_by=owner)
    uploads.store(batch, files)
    with transaction.atomic():
        job = Job.objects.create(
            kind=Job.Kind.IMPORT, batch=batch, owner=owner, parameters={"release": release, "role": role}
        )
        stage = ImportStage.LIST
        Chunk.objects.create(job=job, stage=stage, stage_number=stage.number, number=0)
        _log(job, f"Uploaded by {owner or 'the command line'}: {len(files)} files.")
        wake(job)
    return job


@transaction.atomic
def counterparts_launch(
    *,
    run: Run,
    services: Sequence[str],
    radius_arcsec: float = RADIUS_ARCSEC,
    snapshot_only: bool = False,
    owner: User | None = None,
) -> Job:
    """Make the job that looks a run's sources up at services, or in snapshots of them alone.

    Sources that were answered about already are not asked about again. Raises ValidationError.
    """
    chosen = list(dict.fromkeys(services))
    if wrong := counterparts.faults(
        run=run, services=chosen, radius_arcsec=radius_arcsec, snapshot_only=snapshot_only
    ):
        raise ValidationError(wrong)
    job = Job.objects.create(
        kind=Job.Kind.COUNTERPARTS,
        looked_up=run,
        owner=owner,
        parameters={
            "services": chosen,
            "radius_arcsec": radius_arcsec,
            "snapshot_only": snapshot_only,
            "month": f"{timezone.now():%Y-%m}",
        },
    )
    stage = CounterpartStage.LIST
    Chunk.objects.create(job=job, stage=stage, stage_number=stage.number, number=0)
    _log(job, f"Launched by {owner or 'the command line'}: {', '.join(chosen)} at {radius_arcsec:g} arcsec.")
    wake(job)
    return job


@transaction.atomic
def job_cancel(*, job_id: int, by: User | None = None) -> Job:
    """Cancel an active job at once; chunks under way lose their lease, so their results are dropped.

    Raises ValidationError where it has ended already.
    """
    job = locked(job_id)
    if job.state not in ACTIVE:
        raise ValidationError(f"Job {job.pk} has {job.state} already; there is nothing to cancel.")
    release_all(job)
    job.state, job.finished_at = JobState.CANCELLED, timezone.now()
    job.save()
    _log(job, f"Cancelled by {by or 'the command line'}.", LogLine.Level.WARNING)
    return job


@transaction.atomic
def job_retry(*, job_id: int, by: User | None = None) -> Job:
    """Go on with a failed or cancelled job; chunks that are done stay done.

    Raises ValidationError where the job is neither.
    """
    job = locked(job_id)
    if job.state not in {JobState.FAILED, JobState.CANCELLED}:
        raise ValidationError(f"Job {job.pk} is {job.state}; only a failed or cancelled job can be retried.")
    job.chunks.exclude(state=ChunkState.DONE).update(
        state=ChunkState.WAITING, lease=None, lease_expires_at=None, started_at=None, attempts=0, error=""
    )
    if job.run and not prepared.exists(job.run):
        # The prepared spectra were dropped: all is selected and prepared afresh.
        job.chunks.filter(stage_number=RetrievalStage.SELECT.number).update(
            state=ChunkState.WAITING, attempts=0
        )
    done = "Resumed" if job.state == JobState.CANCELLED else "Retried"
    job.state, job.finished_at, job.error = JobState.QUEUED, None, ""
    job.heartbeat_at = None
    job.save()
    _log(job, f"{done} by {by or 'the command line'}.")
    wake(job)
    return job


def _log(job: Job, message: str, level: str = LogLine.Level.INFO) -> None:
    LogLine.objects.create(job=job, level=level, message=message)
