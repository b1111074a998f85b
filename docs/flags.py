"""Write docs/users/flags.md from the registry of quality flags: ``.venv/bin/python docs/flags.py``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from enum import IntFlag
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "users" / "flags.md"
HEAD = """# Quality flags

Written by `docs/flags.py` from `retrieval/flags.py`, which pages and downloads read too. A value is the sum
of the bits that are set; 0 is no warning.
"""


def page() -> str:
    """The page, in Markdown."""
    from retrieval import flags

    return "".join(
        [
            HEAD,
            "\n## Of a line\n",
            _table(flags.DESCRIPTIONS),
            "\n## Of a candidate\nNone of them decides alone.\n\n",
            _table(flags.CANDIDATE_DESCRIPTIONS),
        ]
    )


def _table(descriptions: Mapping[IntFlag, str]) -> str:
    rows = [f"| {flag.value} | `{flag.name}` | {words} |\n" for flag, words in descriptions.items()]
    return "| bit | name | what it warns of |\n|---|---|---|\n" + "".join(rows)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    PAGE.write_text(page())
