"""``manage.py load_demo``: the demonstration survey, simulated, imported, searched, inspected, published."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from catalog.counterparts.demo import demo_snapshots
from catalog.inspection.simulated import simulated_inspection
from catalog.models import Release, Run, Snapshot, Spectrum
from catalog.publishing.services import catalogue_publish
from retrieval.profiles import PAPER_CONFIGURATIONS, Configuration
from tasks.following import follow, seconds_of, succeeded
from tasks.services import counterparts_launch, job_retry, retrieval_launch
from tasks.states import JobState

NOTE = "demonstration"


class Command(BaseCommand):
    help = (
        "Simulate a survey, import it and run the retrieval on it. What is there already is not made again."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        run = Run.objects.filter(note=NOTE, completed_at__isnull=False).first()
        if run:
            self._look_up(run)
            simulated_inspection(run=run)
            self._publish(run)
            self.stdout.write(f"The demonstration is there: {self._findings(run)}")
            return
        folder = settings.DATA_DIR / "demo"
        if not (folder / "manifest.csv").exists():
            call_command("simulate_survey", folder, stdout=self.stdout, stderr=self.stderr)
        call_command("import_spectra", folder, stdout=self.stdout, stderr=self.stderr)
        call_command("import_regions", "--paper", stdout=self.stdout, stderr=self.stderr)
        run = self._run()
        job = follow(job_id=run.job.pk)
        if not succeeded(job):
            raise CommandError(f"The demonstration run was {job.state}. {job.error}")
        run.refresh_from_db()
        self._look_up(run)
        simulated_inspection(run=run)
        self._publish(run)
        self.stdout.write(f"{self._findings(run)} in {seconds_of(job):.0f} s")

    def _run(self) -> Run:
        """The run under way or left behind by an earlier call, else a new one."""
        run = Run.objects.filter(note=NOTE, job__isnull=False).order_by("-pk").first()
        if run is None:
            releases = [release.slug for release in Release.objects.filter(simulated=True)]
            return retrieval_launch(
                configurations=fitting(Spectrum.objects.filter(role=Spectrum.Role.TEMPLATE).count()),
                template_selection={"role": "template", "release": releases},
                query_selection={"role": "unknown", "release": releases},
                note=NOTE,
            )
        if run.job.state in {JobState.FAILED, JobState.CANCELLED}:
            job_retry(job_id=run.job.pk)
        return run

    def _look_up(self, run: Run) -> None:
        """Look the run's sources up in simulated snapshots, once."""
        if run.lookup_jobs.filter(state=JobState.SUCCEEDED).exists():
            return
        demo_snapshots(folder=settings.DATA_DIR / "demo" / "snapshots")
        services = list(Snapshot.objects.filter(simulated=True).values_list("service", flat=True).distinct())
        job = follow(job_id=counterparts_launch(run=run, services=services, snapshot_only=True).pk)
        if not succeeded(job):
            raise CommandError(f"The look-up of the demonstration's sources was {job.state}. {job.error}")

    def _publish(self, run: Run) -> None:
        """Publish the run as a catalogue of simulated spectra, once."""
        if run.catalogues.exists():
            return
        try:
            catalogue_publish(
                run=run,
                title="Demonstration of simulated spectra",
                notes="Spectra, counterparts and votes are simulated: this catalogue shows how one looks.",
            )
        except ValidationError as refused:
            raise CommandError(
                f"The demonstration is not published. {' '.join(refused.messages)}"
            ) from refused

    def _findings(self, run: Run) -> str:
        return (
            f"run {run.pk} searched {run.n_queries} simulated spectra against {run.n_templates} templates "
            f"and found {run.n_candidates} candidates"
        )


def fitting(templates: int) -> list[Configuration]:
    """The paper's configurations whose centres are at most half of the templates: more summarise nothing."""
    return [c for c in PAPER_CONFIGURATIONS if not c.obstacle(templates // 2)]
