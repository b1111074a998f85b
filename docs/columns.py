"""Write docs/users/columns.md from the one column dictionary: ``.venv/bin/python docs/columns.py``."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "users" / "columns.md"
TITLES = {
    "GALAXY": "Galaxies",
    "NEBULA": "Nebulae",
    "NEBULA_MORE": "Nebulae, besides Table 2",
    "UNCLEAR": "Nebula candidates that stay unclear",
    "REGION": "H II regions",
    "CANDIDATE": "Candidates",
    "LOOKUP": "Galaxies that wait for an answer",
    "SPECTRUM": "Spectra",
    "KIN": "Kin of a spectrum",
    "VOTE": "Votes",
    "INSPECTED": "Candidates by inspection",
}
HEAD = """# Columns

Written by `docs/columns.py` from `catalog/columns/`, which pages and downloads read too. Missing values are
empty in CSV and null in FITS. The columns of galaxies and nebulae are those of Tables 3 and 2 of
Lu et al. 2022.
"""


def page() -> str:
    """The page, in Markdown."""
    from catalog import columns

    parts = [HEAD]
    for name, title in TITLES.items():
        parts.append(f"\n## {title}\n| column | type | unit | UCD | what it is |\n|---|---|---|---|---|\n")
        for c in getattr(columns, f"{name}_COLUMNS"):
            parts.append(f"| `{c.name}` | {c.kind} | {c.unit} | {c.ucd} | {c.description} |\n")
    return "".join(parts)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    PAGE.write_text(page())
