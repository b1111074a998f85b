"""PostgreSQL and Valkey of the suite's own, started before the settings are read (``-p`` in addopts).

Tests run in as many processes as there are cores, at most four; each has servers of its own, so that none
sees another's rows or messages. ``-n 0`` runs everything in one process, for a debugger.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from django.db.backends.signals import connection_created

from portal.services import DataDir, services_for

# A test database need not survive a power cut.
UNSAFE_BUT_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
OURS = ("DATABASE_URL", "REDIS_URL")
ROOT = Path(__file__).resolve().parents[1]
COMPILED_ANEW = "PYTHONDONTWRITEBYTECODE"  # some images set it; the suite starts Python some hundred times
MOST_PROCESSES = 4

_started = ExitStack()
WATCH = """
import shutil, sys
from pathlib import Path
sys.stdin.read()
folder = Path(sys.argv[1])
if folder.exists():
    from portal.services import DataDir
    from portal.services.session import stop
    stop(DataDir(folder))
    shutil.rmtree(folder, ignore_errors=True)
"""
"""Waits, in a session of its own, until the process that holds its input is no more, however it died."""


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """Have servers on free ports in a temporary folder, and stop them at the end, also after a kill."""
    sys.dont_write_bytecode = False
    os.environ.pop(COMPILED_ANEW, None)
    wanted = early_config.known_args_namespace
    if not wanted.help and not wanted.version:
        _start()
    return (yield)


def pytest_unconfigure() -> None:
    _started.close()


def pytest_xdist_auto_num_workers() -> int:
    return min(os.cpu_count() or 1, MOST_PROCESSES)


def _may_truncate(connection: Any, **_: Any) -> None:
    """Tests in transactions of their own are cleaned up by TRUNCATE, which published tables refuse."""
    with connection.cursor() as cursor:
        cursor.execute("SET glowworm.may_truncate = 'on'")


connection_created.connect(_may_truncate)


def _start() -> None:
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
    for name in OURS:
        os.environ.pop(name, None)  # a process of several inherits those of the process that began it
    folder = Path(tempfile.mkdtemp(prefix="glowworm-test-"))
    atexit.register(_started.close)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # else what fixtures started would outlive us
    watch = [sys.executable, "-c", WATCH, str(folder)]
    _started.enter_context(subprocess.Popen(watch, cwd=ROOT, stdin=subprocess.PIPE, start_new_session=True))
    _started.callback(shutil.rmtree, folder, ignore_errors=True)
    session = _started.enter_context(services_for(DataDir(folder), UNSAFE_BUT_FAST))
    os.environ |= {
        "DATA_DIR": str(folder),
        "DATABASE_URL": session.database_url,
        "REDIS_URL": session.redis_url,
        "DJANGO_ALLOW_ASYNC_UNSAFE": "1",  # the browser tests drive Chromium from an event loop
    }
