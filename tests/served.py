"""A whole portal of its own, as ``make run`` has it: for tests in a browser, and for benchmarks."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from portal.services.processes import choose_port

ROOT = Path(__file__).resolve().parents[1]
NOT_OURS = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "DJANGO_ALLOW_ASYNC_UNSAFE")
"""What a suite sets for its own servers: this portal has its own."""
PATIENCE = 120
"""Seconds that a loaded machine may take."""


@dataclass(frozen=True)
class Served:
    """A portal that runs: its address, the password of its operator "admin", and what its commands need."""

    url: str
    password: str
    environment: dict[str, str]

    def manage(self, *arguments: str) -> str:
        """What a command of ``manage.py`` prints. Raises RuntimeError where it fails."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=self.environment, capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{arguments}\n{done.stdout}\n{done.stderr}")
        return done.stdout


def environment(data: Path, port: int) -> dict[str, str]:
    """The variables of a portal over that data folder, without the demonstration."""
    kept = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
    return kept | {"DATA_DIR": str(data), "PORT": str(port), "GLOWWORM_DEMO": "0"}


@contextmanager
def served(folder: Path, **variables: str) -> Iterator[Served]:
    """``manage.py up`` on a free port over ``folder``, which may hold a portal from an earlier time."""
    port = choose_port(None)
    own = environment(folder / "var", port) | variables
    log = folder / "up.log"
    with log.open("ab") as output:
        before = output.tell()
        up = subprocess.Popen(
            [sys.executable, "manage.py", "up"], cwd=ROOT, env=own, stdout=output, stderr=output
        )
    try:
        deadline = time.monotonic() + PATIENCE
        while b"ready http" not in log.read_bytes()[before:]:
            if up.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the portal did not start:\n{log.read_text()}")
            time.sleep(0.2)
        found = re.search(r"shown once\): (\S+)", log.read_text())
        yield Served(f"http://127.0.0.1:{port}", found[1] if found else "", own)
    finally:
        up.send_signal(signal.SIGTERM)
        try:
            up.wait(60)
        finally:
            up.kill()
