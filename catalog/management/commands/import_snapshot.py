"""Load a snapshot of another catalogue."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from catalog.counterparts.coverage import read_moc
from catalog.counterparts.loading import USUAL, snapshot_load
from catalog.models import Service


class Command(BaseCommand):
    help = (
        "Load a table (FITS, VOTable, ECSV, CSV or Parquet) as a snapshot of a service, which then answers "
        "in its place. All of it is loaded, or nothing. Say what part of the sky it covers: elsewhere its "
        "silence is no answer."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--service", required=True, choices=Service.values)
        parser.add_argument("--release", required=True, help="of the catalogue, such as DR17 or 2026-11")
        parser.add_argument(
            "--dated", required=True, type=date.fromisoformat, metavar="YYYY-MM-DD",
            help="day on which it was taken from its service",
        )  # fmt: skip
        parser.add_argument("--origin", default="", help="where it came from; the file's name by default")
        covers = parser.add_mutually_exclusive_group(required=True)
        covers.add_argument("--whole-sky", action="store_true", help="it covers the whole sky")
        covers.add_argument(
            "--coverage", type=Path, metavar="MOC.fits", help="what it covers, as a MOC in FITS"
        )
        parser.add_argument(
            "--column", action="append", default=[], metavar="FIELD=NAME",
            help=f"the file's name of one of {', '.join(USUAL)}, where it is not a usual one",
        )  # fmt: skip
        parser.add_argument(
            "--degrees", action="store_true",
            help="positions without a unit are degrees, though they look like hours or radians",
        )  # fmt: skip

    def handle(self, *, file: Path, coverage: Path | None, column: list[str], **options: Any) -> None:
        named = dict(pair.partition("=")[::2] for pair in column)
        if not all(named.values()):
            raise CommandError("Write --column as FIELD=NAME, such as --column ra=RA_ICRS.")
        try:
            snapshot = snapshot_load(
                path=file,
                service=options["service"],
                release=options["release"],
                dated=options["dated"],
                origin=options["origin"],
                coverage=read_moc(coverage) if coverage else None,
                columns=named,
                degrees=options["degrees"],
            )
        except (ValueError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{snapshot} of {snapshot.dated}: {snapshot.n_objects} objects held "
            f"(SHA-256 {snapshot.sha256[:12]})."
        )
