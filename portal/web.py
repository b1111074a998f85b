"""What gunicorn does in each of its processes, once it has forked."""

from __future__ import annotations

from typing import Any


def post_worker_init(worker: Any) -> None:
    from tasks.kin import keeper  # the framework is set up by now

    keeper.start()
