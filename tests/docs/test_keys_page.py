"""The page of keys is the one that the registry gives (complaint 15)."""

from __future__ import annotations

import runpy

from django.conf import settings


def test_it_is_the_registrys() -> None:
    script = runpy.run_path(str(settings.BASE_DIR / "docs" / "keys.py"))
    assert script["PAGE"].read_text() == script["page"](), "run .venv/bin/python docs/keys.py"
