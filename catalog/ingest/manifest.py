"""A manifest: a CSV file that gives files their roles."""

from __future__ import annotations

import csv
from pathlib import Path

from catalog.models import Spectrum


def read_manifest(path: Path) -> dict[str, str]:
    """Roles by file, from the columns ``file`` and ``role``; rows without a role leave it to the class.

    A file is named by its path within what is imported, or by its name alone.
    Raises ValueError, with the line, where the manifest cannot be followed.
    """
    roles: dict[str, str] = {}
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file)
        if "file" not in (rows.fieldnames or ()):
            raise ValueError(f"{path.name} has no column “file”; a manifest has the columns file and role")
        for row in rows:
            role = (row.get("role") or "").strip().lower()
            if role and role not in Spectrum.Role:
                raise ValueError(
                    f"{path.name}, line {rows.line_num}: “{role}” is no role; "
                    f"roles are {', '.join(Spectrum.Role.values)}"
                )
            if role and row["file"]:
                roles[row["file"].strip()] = role
    return roles
