"""The data folder: where every piece of state stands, and the locks that guard it."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any


class ServiceError(RuntimeError):
    """A service cannot do what was asked; the message is one line that says what to do."""


@dataclass(frozen=True)
class DataDir:
    """One data folder (``DATA_DIR``). Two folders never share a service, a port or a lock."""

    root: Path

    @classmethod
    def from_environment(cls) -> DataDir:
        """The folder that ``DATA_DIR`` names, else ``var`` beside ``manage.py``."""
        default = Path(__file__).resolve().parents[2] / "var"
        return cls(Path(os.environ.get("DATA_DIR") or default).expanduser().absolute())

    @property
    def postgres(self) -> Path:
        return self.root / "postgres"

    @property
    def valkey(self) -> Path:
        return self.root / "valkey"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def media(self) -> Path:
        return self.root / "media"

    @property
    def prepared(self) -> Path:
        return self.root / "prepared"

    @property
    def services_file(self) -> Path:
        return self.run / "services.json"

    def create(self) -> None:
        """Make the folders. Raises ServiceError when the place cannot be written."""
        try:
            for folder in (self.valkey, self.logs, self.run, self.media, self.prepared):
                folder.mkdir(parents=True, exist_ok=True)
            self.run.chmod(0o700)
        except OSError as error:
            raise ServiceError(
                f"Cannot write the data folder {self.root} ({error.strerror}): "
                "choose another with DATA_DIR=/a/folder"
            ) from error

    def read_services(self) -> dict[str, dict[str, Any]]:
        """Ports, passwords and process ids by service name; empty before the first start."""
        try:
            return json.loads(self.services_file.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        except PermissionError as error:
            raise ServiceError(
                f"{self.services_file} belongs to another user: "
                "start as that user, or choose another DATA_DIR"
            ) from error

    def write_services(self, services: dict[str, dict[str, Any]]) -> None:
        """Replace the services file at once, readable by its owner only."""
        write_private(self.services_file, json.dumps(services, indent=2))

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Hold ``run/<name>.lock`` alone; wait for it if another process has it."""
        with self.open_lock(name) as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def open_lock(self, name: str) -> IO[str]:
        """Open a lock file. The kernel drops a lock when its holder dies, so none can be stale."""
        return (self.run / f"{name}.lock").open("a")


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 600 in one step, so that a reader never sees half of it."""
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        handle.write(text)
    partial.replace(path)
