"""Import a LAMOST catalogue as spectra whose files come later."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from catalog.ingest import Tally
from catalog.ingest.catalogue import catalogue_import

from .import_spectra import as_json, as_text


class Command(BaseCommand):
    help = (
        "Import a LAMOST low-resolution catalogue (CSV with | or commas, or FITS; gzipped or not). "
        "Files imported later are attached to its rows by obsid."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--release", help="slug of the release; by default the DR number in the file's name"
        )
        parser.add_argument("--json", action="store_true", help="print the summary as one JSON object")

    def handle(self, *, file: Path, release: str | None, json: bool, **options: Any) -> None:
        total = Tally()
        with tqdm(unit="row", unit_scale=True, disable=None) as bar:

            def show(tally: Tally) -> None:
                total.add(tally)
                bar.update(tally.files)

            try:
                batch = catalogue_import(path=file, release=release, progress=show)
            except (ValueError, OSError) as error:
                raise CommandError(str(error)) from error
        self.stdout.write(as_json(batch.pk, total) if json else as_text(batch.pk, total, unit="rows"))
