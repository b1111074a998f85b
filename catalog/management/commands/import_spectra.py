"""Import spectrum files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from catalog.ingest import Tally, iterate_files, spectra_import
from catalog.ingest.manifest import read_manifest
from catalog.models import Spectrum


class Command(BaseCommand):
    help = (
        "Import spectrum files: folders (with all below), zip and tar.gz archives, single files. "
        "What cannot be used is refused with its reason, the rest is imported; running it again is harmless. "
        "A truth.ecsv among simulated files is joined to them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
        parser.add_argument("--manifest", type=Path, help="CSV with columns file and role")
        parser.add_argument("--release", help="slug of the release; by default each header tells")
        parser.add_argument("--role", choices=Spectrum.Role.values, help="role of all; by default by class")
        parser.add_argument("--json", action="store_true", help="print the summary as one JSON object")

    def handle(
        self,
        *,
        paths: list[Path],
        manifest: Path | None,
        release: str | None,
        role: str | None,
        json: bool,
        **options: Any,
    ) -> None:
        total = Tally()
        try:
            roles = read_manifest(manifest) if manifest else None
            count = sum(1 for path in paths for _ in iterate_files(path))
            with tqdm(total=count, unit="file", disable=None) as bar:

                def show(tally: Tally) -> None:
                    total.add(tally)
                    bar.update(tally.files)

                batch = spectra_import(paths=paths, release=release, role=role, manifest=roles, progress=show)
        except (ValueError, OSError) as error:
            raise CommandError(str(error)) from error
        if json:
            self.stdout.write(as_json(batch.pk, total))
        else:
            self.stdout.write(as_text(batch.pk, total))


def as_json(batch: int, tally: Tally) -> str:
    """The summary as one line of JSON."""
    return json.dumps({"import": batch, **vars(tally)})


def as_text(batch: int, tally: Tally, unit: str = "files") -> str:
    """The summary in words."""
    lines = [
        f"Import {batch}: {tally.files} {unit}; {tally.imported} imported, {tally.attached} attached, "
        f"{tally.already_held} held already, {tally.refused} refused."
    ]
    parts = (("by release", tally.releases), ("by role", tally.roles), ("refused for", tally.reasons))
    for title, counts in parts:
        if counts:
            lines.append(f"  {title}: " + ", ".join(f"{key} {n}" for key, n in sorted(counts.items())))
    return "\n".join(lines)
