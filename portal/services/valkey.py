"""Valkey of one data folder: loopback, a password, and an append-only file so that a kill loses nothing."""

from __future__ import annotations

import secrets
import signal
import subprocess
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from portal.services.binaries import valkey_program
from portal.services.datadir import DataDir, write_private
from portal.services.processes import (
    LOOPBACK,
    choose_port,
    clean_environment,
    end,
    still_serves,
    wait_ready,
    working_in,
)


def ensure(data: DataDir, entry: dict[str, Any]) -> dict[str, Any]:
    """Have the server running; return its entry (port, password, pid). Raises ServiceError."""
    program = valkey_program()
    if still_serves(entry.get("pid"), data.valkey, program.name, lambda: is_ready(entry)):
        return entry
    stop(data)
    entry = {
        "password": entry.get("password") or secrets.token_urlsafe(24),
        "port": choose_port(entry.get("port")),
    }
    configuration = data.run / "valkey.conf"  # a file: on the command line everyone would read the password
    write_private(
        configuration,
        "\n".join(
            [
                f"bind {LOOPBACK}", f"port {entry['port']}", f"requirepass {entry['password']}",
                f'dir "{data.valkey}"', "appendonly yes", 'save ""', "maxmemory-policy noeviction",
            ]
        ),
    )  # fmt: skip
    log = data.logs / "valkey.log"
    with log.open("ab") as output:
        child = subprocess.Popen(
            [program, configuration], cwd="/", env=clean_environment(), stdin=subprocess.DEVNULL,
            stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    wait_ready("Valkey", child, lambda: is_ready(entry), log)
    return entry | {"pid": child.pid}


def is_ready(entry: dict[str, Any]) -> bool:
    """Whether the server of this entry answers; the password tells it from a stranger on the same port."""
    return answers(url(entry))


def answers(redis_url: str) -> bool:
    """One question, one answer: the client's own retries would take seconds over a server that is down."""
    once = Retry(NoBackoff(), 0)
    client = redis.Redis.from_url(redis_url, socket_timeout=3, socket_connect_timeout=3, retry=once)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


def stop(data: DataDir) -> None:
    for name in ("valkey-server", "redis-server"):
        end(working_in(data.valkey, name), signal.SIGTERM, patience=10)


def url(entry: dict[str, Any]) -> str:
    return f"redis://:{entry['password']}@{LOOPBACK}:{entry['port']}/0"
