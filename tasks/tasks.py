"""What a Celery worker finds here: the tasks."""

from .sweep import sweep
from .work import work

__all__ = ["sweep", "work"]
