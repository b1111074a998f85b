#!/usr/bin/env python
"""Django's entry. Every command finds the services of its data folder, or has them for its own duration."""

import os
import sys
from contextlib import ExitStack

WITHOUT_SERVICES = {"help", "collectstatic", "startapp"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.local")
    from django.core.management import execute_from_command_line

    from portal.services import DataDir, ServiceError, services_for
    from portal.supervisor import AlreadyRunningError, only_supervisor

    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    asks_only = command.startswith("-") or command in WITHOUT_SERVICES or {"-h", "--help"} & set(sys.argv)
    data = DataDir.from_environment()
    try:
        with ExitStack() as stack:
            if command == "up" and not asks_only:
                stack.enter_context(only_supervisor(data))
            if not asks_only and not os.environ.get("DATABASE_URL"):
                stack.enter_context(services_for(data))
            execute_from_command_line(sys.argv)
    except AlreadyRunningError as running:
        print(f"glowworm: {running}")
    except ServiceError as error:
        sys.exit(f"glowworm: {error}")


if __name__ == "__main__":
    main()
