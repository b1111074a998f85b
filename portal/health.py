"""``/health/``: whether the database, the broker and a worker answer."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal import celery
from portal.services import valkey


@require_safe
@never_cache
def health(request: HttpRequest) -> JsonResponse:
    """HTTP 200 when the portal can serve; 503 when the database or the broker does not answer.

    ``instance`` tells one supervisor's web server from another's. No ``worker`` is a fact, not a fault:
    pages work without one and jobs wait.
    """
    state: dict[str, Any] = {"database": _database(), "broker": valkey.answers(settings.CELERY_BROKER_URL)}
    healthy = all(state.values())
    state |= {
        "worker": state["broker"] and bool(celery.app.control.ping(timeout=0.5, limit=1)),
        "version": settings.VERSION,
        "instance": os.environ.get("GLOWWORM_INSTANCE", ""),
        "status": "ok" if healthy else "broken",
    }
    return JsonResponse(state, status=200 if healthy else 503)


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True
