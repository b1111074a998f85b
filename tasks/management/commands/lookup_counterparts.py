"""Look the sources of a run up in other catalogues."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from catalog.counterparts.roads import RADIUS_ARCSEC
from catalog.counterparts.summary import services_summary
from catalog.models import DECIDING, Run, Service
from tasks.following import follow, succeeded
from tasks.services import counterparts_launch


class Command(BaseCommand):
    help = (
        "Look the sources of a run up in other catalogues, over the network or in loaded snapshots. What was "
        "answered already is not asked again; what failed is."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--run", type=int, required=True, metavar="N", help="number of a complete run")
        parser.add_argument(
            "--services", default=",".join(DECIDING), metavar="A,B",
            help=f"of {', '.join(Service.values)}; by default the three that decide what is new",
        )  # fmt: skip
        parser.add_argument("--radius", type=float, default=RADIUS_ARCSEC, help="arcsec (default: 3)")
        parser.add_argument("--snapshot-only", action="store_true", help="ask nobody over the network")

    def handle(self, *, run: int, services: str, radius: float, snapshot_only: bool, **options: Any) -> None:
        chosen = [name.strip() for name in services.split(",") if name.strip()]
        try:
            of_run = Run.objects.get(pk=run)
            job = counterparts_launch(
                run=of_run, services=chosen, radius_arcsec=radius, snapshot_only=snapshot_only
            )
        except Run.DoesNotExist as error:
            raise CommandError(f"There is no run {run}.") from error
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        job = follow(job_id=job.pk)
        if not succeeded(job):
            raise CommandError(job.error or f"The look-up was {job.state}.")
        for row in services_summary(run=of_run):
            if row.service in chosen:
                self.stdout.write(f"{row.label}: {row.in_words}.")
