"""PostgreSQL and Valkey of the suite's own, started before the settings are read (``-p`` in addopts)."""

from __future__ import annotations

import atexit
import os
import shutil
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


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """Have servers on free ports in a temporary folder, and stop them at exit, also after a crash."""
    wanted = early_config.known_args_namespace
    if not wanted.help and not wanted.version:
        _start()
    return (yield)


def _may_truncate(connection: Any, **_: Any) -> None:
    """Tests in transactions of their own are cleaned up by TRUNCATE, which published tables refuse."""
    with connection.cursor() as cursor:
        cursor.execute("SET glowworm.may_truncate = 'on'")


connection_created.connect(_may_truncate)


def _start() -> None:
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
    folder = Path(tempfile.mkdtemp(prefix="glowworm-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    stack = ExitStack()
    atexit.register(stack.close)
    session = stack.enter_context(services_for(DataDir(folder), UNSAFE_BUT_FAST))
    os.environ |= {
        "DATA_DIR": str(folder),
        "DATABASE_URL": session.database_url,
        "REDIS_URL": session.redis_url,
        "DJANGO_ALLOW_ASYNC_UNSAFE": "1",  # the browser tests drive Chromium from an event loop
    }
