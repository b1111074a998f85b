"""Using the services of a data folder: the first in starts them, the last out stops them."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from portal.services import postgres, valkey
from portal.services.datadir import DataDir, ServiceError
from portal.services.processes import is_alive


@dataclass(frozen=True)
class Session:
    """The running services of one data folder."""

    data: DataDir
    database_url: str
    redis_url: str


@contextmanager
def services_for(data: DataDir, options: Sequence[str] = ()) -> Iterator[Session]:
    """Run a block with the services of ``data`` up, found running or started for it.

    Each user holds a shared lock for as long as it lives, however it dies; whoever leaves and finds itself
    alone stops the services. So two commands at once share them, and neither takes them from the other.
    """
    data.create()
    with data.open_lock("users") as users:
        with data.lock("services"):
            fcntl.flock(users, fcntl.LOCK_SH)
            session = ensure(data, options)
        try:
            yield session
        finally:
            with data.lock("services"):
                try:
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    pass  # somebody else still works with them
                else:
                    stop(data)


def ensure(data: DataDir, options: Sequence[str] = ()) -> Session:
    """Have both services running. Each entry is written as soon as it is known."""
    services = data.read_services()
    services["postgres"] = postgres.with_password(data, services.get("postgres", {}))
    data.write_services(services)
    services["postgres"] = postgres.ensure(data, services["postgres"], options)
    data.write_services(services)
    services["valkey"] = valkey.ensure(data, services.get("valkey", {}))
    data.write_services(services)
    return Session(data, postgres.url(services["postgres"]), valkey.url(services["valkey"]))


def stop(data: DataDir) -> None:
    valkey.stop(data)
    postgres.stop(data)


def is_running(data: DataDir) -> bool:
    """Whether both servers' processes are alive: cheap enough to ask twice a second."""
    services = data.read_services()
    return all(is_alive(services.get(name, {}).get("pid")) for name in ("postgres", "valkey"))


def current(data: DataDir) -> Session | None:
    """The session this process works with; None when the servers are somebody else's (DATABASE_URL)."""
    if os.environ.get("DATABASE_URL"):
        return None
    return Session(data, *known_urls(data))


def known_urls(data: DataDir) -> tuple[str, str]:
    """DATABASE_URL and REDIS_URL: the environment's, else those of the data folder's services."""
    from_environment = os.environ.get("DATABASE_URL", ""), os.environ.get("REDIS_URL", "")
    if any(from_environment):
        if not all(from_environment):
            raise ServiceError("Set both DATABASE_URL and REDIS_URL, or neither for the embedded services")
        return from_environment
    services = data.read_services()
    if "postgres" not in services or "valkey" not in services:
        return "", ""
    return postgres.url(services["postgres"]), valkey.url(services["valkey"])
