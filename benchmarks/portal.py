"""A scratch portal with many entries: a small simulated survey, searched twice, then multiplied in SQL."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.served import Served, served

FILLED = "filled"
FILL = """
from django.conf import settings
from django.core.management import call_command
from benchmarks.entries import multiply
from catalog.counterparts.demo import demo_snapshots
from catalog.models import Run, Snapshot
from tasks.following import follow
from tasks.services import counterparts_launch
survey = settings.DATA_DIR / "survey"
call_command("simulate_survey", survey, "--templates", "160", "--unknowns", "160")
call_command("import_spectra", survey)
call_command("import_regions", "--paper")
call_command("run_retrieval", "--configurations", "2:25:100", "--wait")
call_command("run_retrieval", "--configurations", "2:25:100,2:50:150", "--wait")
demo_snapshots(folder=settings.DATA_DIR / "snapshots")
services = sorted(set(Snapshot.objects.values_list("service", flat=True)))
follow(job_id=counterparts_launch(run=Run.objects.latest("pk"), services=services, snapshot_only=True).pk)
print("held", multiply({entries}))
"""


def portal(entries: int, kept: Path | None = None) -> AbstractContextManager[Served]:
    """A portal with so many candidates, each of a spectrum of its own."""
    return serving(FILL.format(entries=entries), kept)


@contextmanager
def serving(fill: str, kept: Path | None = None, **variables: str) -> Iterator[Served]:
    """``manage.py up`` in a folder of its own, with these variables; ``fill`` is the code that fills it.

    A folder that is ``kept`` is filled once, and served again as it is.
    """
    folder = kept or Path(tempfile.mkdtemp(prefix="glowworm-pages-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with served(folder, **variables) as started:
            if not (folder / FILLED).exists():
                sys.stderr.write(started.manage("shell", "-v", "0", "-c", fill))
                (folder / FILLED).touch()
            yield started
    finally:
        if kept is None:
            shutil.rmtree(folder, ignore_errors=True)
