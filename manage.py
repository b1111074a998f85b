#!/usr/bin/env python
"""Django's entry. Every command finds the services of its data folder, or has them for its own duration."""

import os
import sys

WITHOUT_SERVICES = {"up", "help", "collectstatic", "startapp"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.local")
    from django.core.management import execute_from_command_line

    from portal.services import DataDir, ServiceError, services_for

    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    asks_only = command.startswith("-") or command in WITHOUT_SERVICES or {"-h", "--help"} & set(sys.argv)
    try:
        if asks_only or os.environ.get("DATABASE_URL"):
            execute_from_command_line(sys.argv)
        else:
            with services_for(DataDir.from_environment()):
                execute_from_command_line(sys.argv)
    except ServiceError as error:
        sys.exit(f"glowworm: {error}")


if __name__ == "__main__":
    main()
