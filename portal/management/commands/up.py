"""``manage.py up``: serve this machine's portal until Ctrl-C; ``make run`` ends in it."""

from __future__ import annotations

import os
import secrets
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from catalog.models import Spectrum
from portal.services import DataDir, ServiceError
from portal.services.session import current
from portal.supervisor import Supervisor, chosen_port


class Command(BaseCommand):
    help = "Serve on this machine: web server, worker and scheduler; the first time with a demonstration."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        data: DataDir = settings.DATA
        call_command("migrate", interactive=False, verbosity=0)
        self._first_admin()
        demo = data.run / "demo.unfinished"
        if not Spectrum.objects.exists() and os.environ.get("GLOWWORM_DEMO") != "0":
            demo.touch()
        connections.close_all()
        supervisor = Supervisor(
            data=data,
            port=chosen_port(),
            workers=settings.WORKERS,
            session=current(data),
        )
        try:
            supervisor.start()
            if demo.exists() and not supervisor.stopping:
                self._demonstration(supervisor, demo)
            if not supervisor.stopping:
                self.stdout.write(self.style.SUCCESS(f"ready {supervisor.url}"))
                self.stdout.flush()
            supervisor.serve()
            self.stdout.write("stopping")
        except ServiceError as error:
            raise CommandError(str(error)) from error
        finally:
            supervisor.stop()

    def _first_admin(self) -> None:
        users = get_user_model().objects
        if users.filter(is_superuser=True).exists():
            return
        password = secrets.token_urlsafe(12)
        users.create_superuser("admin", password=password)
        self.stdout.write(
            f"admin password (shown once): {password}\n"
            "  user: admin   to set another: make manage ARGS='changepassword admin'"
        )

    def _demonstration(self, supervisor: Supervisor, demo: Any) -> None:
        self.stdout.write(f"first start: loading a simulated survey (the pages are up at {supervisor.url})")
        self.stdout.flush()
        if supervisor.run_command("load_demo"):
            demo.unlink()
        elif not supervisor.stopping:
            self.stderr.write(
                "the demonstration did not load; the next start, or manage.py load_demo, tries again"
            )
