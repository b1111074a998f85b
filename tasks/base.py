"""The only place that touches Celery's decorator, and how a message is sent.

A message carries ids and only wakes a worker up: it may come twice, late or never.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable

import kombu.exceptions
from celery import Task, shared_task  # noqa: TID251 (the one use)
from django.db import transaction

logger = logging.getLogger(__name__)

SOFT_LIMIT = 30 * 60
"""Seconds after which a task is told to end; one chunk is meant to take seconds."""
MESSAGE_LIFE = 60
"""Seconds after which an unread message is void: the sweeper has sent another by then."""


def task(function: Callable[..., None]) -> Task:
    """Make a function of keyword ids a task: acknowledged when done, given up after half an hour."""
    return shared_task(
        function,
        acks_late=True,
        ignore_result=True,
        soft_time_limit=SOFT_LIMIT,
        time_limit=SOFT_LIMIT + 60,
    )


def enqueue(task: Task, *, times: int = 1, **ids: int) -> None:
    """Send a message once the transaction is committed. A broker that is away is logged, no error."""
    transaction.on_commit(functools.partial(_send, task, times, ids), robust=True)


def _send(task: Task, times: int, ids: dict[str, int]) -> None:
    try:
        for _ in range(times):
            task.apply_async(kwargs=ids, expires=MESSAGE_LIFE, retry=False)
    except (kombu.exceptions.OperationalError, OSError):
        logger.warning("The broker does not answer; the sweeper will send %s %s later.", task.name, ids)
