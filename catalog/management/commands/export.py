"""Write a catalogue to a file: the same rows and the same bytes as the download of its page."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.http import QueryDict

from catalog.downloads.selection import NothingMatchesError, SelectionError, select
from catalog.downloads.stream import FORMATS
from catalog.tables import TABLES


class Command(BaseCommand):
    help = "Write a list in any format; beside a CSV goes the JSON that describes it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("table", choices=list(TABLES))
        parser.add_argument(
            "--format", choices=[suffix for suffix in FORMATS if suffix != "json"], default="csv"
        )
        parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE")
        parser.add_argument("--run", help="number of the run; the newest complete one if left out")
        parser.add_argument(
            "--filter",
            default="",
            metavar="QUERY",
            help="what stands behind the ? of the page's address, such as 'z_cl_min=0.1&sort=-z_our'",
        )

    def handle(self, *, table: str, format: str, output: Path, run: str, filter: str, **options: Any) -> None:
        params = QueryDict(filter.removeprefix("?"), mutable=True)
        if run:
            params["run"] = run
        try:
            selection = select(table=TABLES[table], params=params)
        except (SelectionError, NothingMatchesError) as error:
            raise CommandError(str(error)) from error
        now = datetime.now(UTC)
        files = {output: format}
        if format == "csv":
            files[output.with_name(f"{output.name}.json")] = "json"
        for path, suffix in files.items():
            try:
                write_whole(path, FORMATS[suffix].stream(selection, now))
            except OSError as error:
                raise CommandError(f"Cannot write {path}: {error.strerror}.") from error
            self.stdout.write(f"{path}: {path.stat().st_size:,} bytes")


def write_whole(path: Path, pieces: Iterable[bytes]) -> None:
    """Write the file whole or not at all: under another name beside it first, renamed at the end."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with part.open("wb") as file:
            file.writelines(pieces)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
