"""Hold what candidates store of the services' answers against the look-ups themselves."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from catalog.counterparts.selectors import unlike
from catalog.counterparts.storing import answers_store
from catalog.models import Candidate


class Command(BaseCommand):
    help = (
        "Say of how many candidates the stored answers of SIMBAD, SDSS and NED are not those that stand "
        "among the look-ups. There are none, unless rows were changed behind the portal's back; --mend "
        "stores what stands."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--mend", action="store_true", help="store what stands")

    def handle(self, *, mend: bool, **options: Any) -> None:
        found = unlike(candidates=Candidate.objects.order_by())
        sources = list(found.values_list("spectrum__source", flat=True))
        if not sources:
            self.stdout.write("Every candidate has the answers that stand.")
        elif mend:
            n = answers_store(sources=set(sources))
            self.stdout.write(f"{n:,} candidates had other answers than stand; these are stored now.")
        else:
            raise CommandError(
                f"{len(sources):,} candidates have other answers than stand: run this again with --mend, and "
                "find out what changed them."
            )
