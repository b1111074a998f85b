"""``manage.py publish``: freeze a run as the next published catalogue."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from catalog.models import Run
from catalog.publishing.services import catalogue_publish


class Command(BaseCommand):
    help = "Freeze what inspection kept of a run as a numbered catalogue, with its files. It never changes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--run", type=int, required=True, metavar="N", help="number of the run")
        parser.add_argument("--title", default="")
        parser.add_argument("--notes", default="", help="what a reader should know")
        parser.add_argument(
            "--uninspected", action="store_true", help="publish a run that nobody voted on; said everywhere"
        )

    def handle(self, *, run: int, title: str, notes: str, uninspected: bool, **options: Any) -> None:
        found = Run.objects.filter(pk=run).first()
        if found is None:
            raise CommandError(f"There is no run {run}.")
        try:
            catalogue = catalogue_publish(run=found, title=title, notes=notes, uninspected=uninspected)
        except ValidationError as refused:
            reasons = "\n".join(f"- {reason}" for reason in refused.messages)
            raise CommandError(f"Run {run} is not published:\n{reasons}") from refused
        self.stdout.write(
            f"Catalogue {catalogue.number}: {catalogue.n_galaxies:,} galaxies "
            f"({catalogue.n_new_galaxies:,} new), {catalogue.n_nebulae:,} nebulae "
            f"({catalogue.n_new_nebulae:,} newly found), {catalogue.n_unclear:,} unclear, "
            f"{catalogue.n_candidates:,} candidates; {catalogue.files.count()} files; "
            f"SHA-256 {catalogue.sha256}"
        )
