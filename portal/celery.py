"""The Celery application: configured by Django's settings, tasks found in the ``tasks`` app."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.local")

app = Celery("glowworm")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
