"""A small simulated survey, imported; runs done in this process or by a real Celery worker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis
from django.conf import settings as django_settings
from django.core.management.color import no_style
from django.db import connection
from django.db.models import Model

from catalog.ingest import spectra_import
from catalog.models import HIIRegion, ImportBatch, Release, Run, Source, Spectrum, Truth
from catalog.regions import paper_regions_import
from retrieval.profiles import Configuration
from retrieval.simulate import SurveyCounts, write_survey
from tasks.leases import claim
from tasks.models import Job
from tasks.services import retrieval_launch
from tasks.work import do

ROOT = Path(__file__).resolve().parents[2]
CONFIGURATIONS = (Configuration(2, 25, 8), Configuration(1, 50, 12))
COUNTS = SurveyCounts(
    templates={"star-forming": 24, "Seyfert": 6, "H II region outside": 10, "planetary nebula": 5},
    unknowns={
        "star-forming": 14,
        "Seyfert": 3,
        "H II region": 6,
        "H II region outside": 5,
        "planetary nebula": 3,
        "F star": 3,
        "noise": 3,
    },
)


@pytest.fixture(scope="session")
def survey_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("survey")
    write_survey(folder, COUNTS, 5)
    return folder


@pytest.fixture
def data_dir(settings: Any, tmp_path: Path) -> Path:
    """Prepared spectra, uploads and the demonstration in a folder of the test's own."""
    settings.DATA_DIR = tmp_path
    return tmp_path


IMPORTED = (Release, Source, ImportBatch, Spectrum, Truth, HIIRegion)


@pytest.fixture(scope="session")
def survey_rows() -> list[list[Model]]:
    """Rows of the survey by model, once it has been imported."""
    return []


@pytest.fixture
def survey(db: None, survey_folder: Path, survey_rows: list[list[Model]]) -> None:
    """The survey in the database, rolled back after the test: imported once, then laid down again."""
    if not survey_rows:
        spectra_import(paths=[survey_folder])
        paper_regions_import()
        survey_rows.extend(list(model.objects.order_by("pk")) for model in IMPORTED)
        return
    for model, rows in zip(IMPORTED, survey_rows, strict=True):
        model.objects.bulk_create(rows)
    with connection.cursor() as cursor:
        for reset in connection.ops.sequence_reset_sql(no_style(), IMPORTED):
            cursor.execute(reset)


def launch(**changes: Any) -> Run:
    """Launch a run of the small survey."""
    return retrieval_launch(**{"configurations": CONFIGURATIONS, **changes})


def work_off(job: Job, *, until: Callable[[], bool] = lambda: False) -> Job:
    """Do a job's chunks here, one after another, to its end or until a condition holds."""
    while not until():
        chunk = claim(job.pk)
        if chunk is None:
            break
        do(chunk)
    job.refresh_from_db()
    return job


@pytest.fixture
def broker() -> Iterator[redis.Redis]:
    """The broker, emptied."""
    client = redis.Redis.from_url(django_settings.CELERY_BROKER_URL)
    client.flushdb()
    yield client
    client.flushdb()
    client.close()


HATCH = """
import os, signal, sys
import celery.concurrency.prefork, celery.worker.consumer, kombu.transport.redis
from portal.celery import app
app.loader.import_default_modules()
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for log in sys.stdin:
    if not (pid := os.fork()):
        os.setpgid(0, 0)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        output = os.open(log.strip(), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for number, descriptor in enumerate((nothing, output, output)):
            os.dup2(descriptor, number)
        options = ["--concurrency", "2", "--without-gossip", "--without-mingle", "--loglevel", "INFO"]
        app.worker_main(["worker", *options])
        os._exit(0)
    os.setpgid(pid, pid)
    print(pid, flush=True)
"""
"""Forks workers of one process that has imported everything: the longest part of a start."""


@pytest.fixture(scope="session")
def hatch(django_db_setup: None) -> Iterator[Callable[[Path], int]]:
    """Start a real Celery worker on the test's database, in a group of its own; gives its process id."""
    values = connection.settings_dict
    url = (
        f"postgresql://{values['USER']}:{values['PASSWORD']}@{values['HOST']}:{values['PORT']}"
        f"/{values['NAME']}"
    )
    with subprocess.Popen(
        [sys.executable, "-c", HATCH], cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env=os.environ | {
            "DJANGO_SETTINGS_MODULE": "portal.settings.test",
            "DATABASE_URL": url,
            "OMP_NUM_THREADS": "1",
        },
    ) as process:  # fmt: skip
        asked, answers = process.stdin, process.stdout

        def start(log: Path) -> int:
            assert asked is not None
            assert answers is not None
            asked.write(f"{log}\n")
            asked.flush()
            return int(answers.readline())

        yield start


class Worker:
    """A real Celery worker on the test's database."""

    def __init__(self, hatch: Callable[[Path], int], log: Path) -> None:
        self.hatch, self.log = hatch, log
        self.process: psutil.Process | None = None

    def start(self) -> None:
        self.process = psutil.Process(self.hatch(self.log))

    def kill(self) -> None:
        """The whole worker at once, as a power cut would."""
        if self.process:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


@pytest.fixture
def worker(hatch: Callable[[Path], int], broker: redis.Redis, tmp_path: Path) -> Iterator[Worker]:
    worker = Worker(hatch, tmp_path / "worker.log")
    yield worker
    worker.kill()


def wait_for(
    condition: Callable[[], bool], *, seconds: float = 120, doing: Callable[[], None] | None = None
) -> None:
    """Wait until a condition holds, doing something now and then; fails after a while."""
    ends = time.monotonic() + seconds
    again = 0.0
    while not condition():
        assert time.monotonic() < ends, "it did not happen in time"
        if doing and time.monotonic() >= again:
            doing()
            again = time.monotonic() + 0.5
        time.sleep(0.02)
