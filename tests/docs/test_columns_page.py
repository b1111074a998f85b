"""The list of columns in the docs is the dictionary's."""

import runpy

from django.conf import settings


def test_it_is_current() -> None:
    script = runpy.run_path(str(settings.BASE_DIR / "docs" / "columns.py"))
    assert script["PAGE"].read_text() == script["page"](), "run .venv/bin/python docs/columns.py"
