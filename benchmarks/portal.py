"""A scratch portal with many entries: a small simulated survey, searched, its rows then multiplied in SQL."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NOT_OURS = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE")
FILL = """
from django.conf import settings
from django.core.management import call_command
from benchmarks.entries import multiply
survey = settings.DATA_DIR / "survey"
call_command("simulate_survey", survey, "--templates", "160", "--unknowns", "160")
call_command("import_spectra", survey)
call_command("import_regions", "--paper")
call_command("run_retrieval", "--configurations", "2:25:100,2:50:150", "--wait")
print("held", multiply({entries}))
"""


@dataclass(frozen=True)
class Served:
    """A portal that runs: its address, and the password of its operator "admin"."""

    url: str
    password: str


def portal(entries: int) -> AbstractContextManager[Served]:
    """A portal with so many candidates, each of a spectrum of its own."""
    return serving(FILL.format(entries=entries))


@contextmanager
def serving(fill: str, **variables: str) -> Iterator[Served]:
    """``manage.py up`` in a folder of its own, with these variables; ``fill`` is the code that fills it."""
    folder = Path(tempfile.mkdtemp(prefix="glowworm-pages-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
    environment |= {"DATA_DIR": str(folder / "var"), "PORT": str(port), "GLOWWORM_DEMO": "0"}
    environment |= variables
    log = folder / "up.log"
    with log.open("wb") as output:
        up = subprocess.Popen(
            [sys.executable, "manage.py", "up"], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
    try:
        while "ready http" not in log.read_text():
            if up.poll() is not None:
                raise RuntimeError(f"the portal did not start:\n{log.read_text()}")
            time.sleep(0.2)
        command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", fill]
        subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=sys.stderr)
        found = re.search(r"shown once\): (\S+)", log.read_text())
        yield Served(f"http://127.0.0.1:{port}", found[1] if found else "")
    finally:
        up.send_signal(signal.SIGTERM)
        try:
            up.wait(60)
        finally:
            up.kill()
            shutil.rmtree(folder, ignore_errors=True)
