"""Write docs/users/keys.md from the registry of keys and the guides: ``.venv/bin/python docs/keys.py``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "users" / "keys.md"
HEAD = """# Keys and guidelines of inspection

Written by `docs/keys.py` from `catalog/inspection/keys.py` and its `guide.py`, which the pages read too.
How inspection works: [Inspection](inspection.md).

A key acts while nobody types in a field; Escape leaves a field. `?` opens the list on the page, where keys
can be switched off or changed: the browser remembers it for the account. Each action has a control as well.
"""


def page() -> str:
    """The page, in Markdown."""
    from catalog.inspection.guide import GUIDE
    from catalog.inspection.keys import KEYS, PAGES

    rows = [
        f"| `{key.name}` | {key.words} | {', '.join(PAGES[page] for page in key.pages)} |\n" for key in KEYS
    ]
    guide = [f"**{what}.** {words}\n\n" for what, words in GUIDE]
    parts = [
        HEAD,
        "\n## Keys\n| key | what it does | on the pages of |\n|---|---|---|\n",
        *rows,
        "\n## Guidelines\nThe rule of a run may add its own, which stand above these.\n\n",
        *guide,
    ]
    return "".join(parts).rstrip() + "\n"


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.local")
    import django

    django.setup()
    PAGE.write_text(page())
