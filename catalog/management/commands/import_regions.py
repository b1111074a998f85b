"""Load a catalogue of H II regions."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from catalog.regions import paper_regions_import, regions_import


class Command(BaseCommand):
    help = (
        "Load the WISE Catalog of Galactic H II Regions (CSV) as a version; or, with --paper, the five "
        "regions that Lu et al. 2022 print. Regions held go or change only with --replace, those that "
        "candidates of a run lie in never. What is added to a version is matched at once with the candidates "
        "of runs that keep to it."
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        # --version is that of the catalogue here, not Django's.
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("file", nargs="?", type=Path, metavar="FILE")
        what.add_argument("--paper", action="store_true", help="the five regions of the paper's Table 2")
        parser.add_argument(
            "--version",
            dest="version_name",
            default="",
            help="of the catalogue, such as V2.2, where the file's name lacks it",
        )

        parser.add_argument(
            "--replace",
            action="store_true",
            help="let regions of that version go that the file lacks, and change those that it has otherwise",
        )

    def handle(
        self, *, file: Path | None, paper: bool, version_name: str, replace: bool, **options: Any
    ) -> None:
        try:
            if file is None:
                summary = paper_regions_import()
            else:
                summary = regions_import(
                    path=file, version=version_name or _version_named(file), replace=replace
                )
        except (ValueError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{summary.version}: {summary.held} regions held, {summary.added} added, "
            f"{summary.changed} changed, {summary.removed} removed, {summary.refused} rows refused "
            f"(import {summary.batch})."
        )
        for run, n in summary.matched_anew.items():
            self.stdout.write(f"Run {run} keeps to this version: {n:,} of its candidates are matched anew.")


def _version_named(file: Path) -> str:
    """V2.2 of wise_hii_V2.2.csv. A guess would load one version in place of another: CommandError instead."""
    found = re.search(r"V\d+(\.\d+)+", file.stem, re.IGNORECASE)
    if not found:
        raise CommandError(
            f"Which version of the catalogue is {file.name}? Its name does not tell: say --version V2.2, say."
        )
    return found[0].upper()
