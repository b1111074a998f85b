"""Hold a run on simulated spectra against their truth, as HTML and as Markdown."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.validation.numbers import validate
from catalog.validation.report import validation_report

from .reproduce import complete_run, write_report


class Command(BaseCommand):
    help = (
        "Completeness, purity, classes, regions and new galaxies of a run on simulated spectra, against what "
        "the simulator put in: validation.html and validation.md."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--run", help="number of the run; the newest complete one if left out")
        parser.add_argument(
            "-o", "--output", type=Path, default=Path(), metavar="FOLDER", help="here if left out"
        )

    def handle(self, *, run: str | None, output: Path, **options: Any) -> None:
        try:
            validation = validate(run=complete_run(run))
        except ValueError as error:
            raise CommandError(str(error)) from error
        report = validation_report(validation=validation, date=datetime.now(UTC))
        for path in write_report(report, folder=output, name="validation"):
            self.stdout.write(str(path))
