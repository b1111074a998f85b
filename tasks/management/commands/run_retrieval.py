"""``manage.py run_retrieval``: launch a retrieval run from the command line."""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.http import QueryDict

from catalog.models import Run
from catalog.runs import neighbours_count
from retrieval.prepare import NORMALIZATIONS
from retrieval.profiles import PAPER_CONFIGURATIONS, Configuration
from retrieval.redshift import TOLERANCE
from retrieval.search import METRICS
from retrieval.velocity import NEBULAR_LIMIT
from tasks.following import follow, seconds_of, succeeded
from tasks.models import Job
from tasks.services import retrieval_launch

PAPER = ",".join(map(str, PAPER_CONFIGURATIONS))


class Command(BaseCommand):
    help = "Launch a retrieval run; with --wait, follow it to its end."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--configurations",
            default=PAPER,
            help="step:segments:centres with commas between; the paper's twelve if not given",
        )
        parser.add_argument("--metric", choices=METRICS, default="l2_sum")
        parser.add_argument("--normalization", choices=NORMALIZATIONS, default="l2")
        parser.add_argument("--tolerance", type=float, default=TOLERANCE, help="of redshifts (%(default)s)")
        parser.add_argument(
            "--velocity-limit", type=float, default=NEBULAR_LIMIT, help="of nebulae, km/s (%(default)s)"
        )
        parser.add_argument("--seed", type=int, default=0, help="of the codebooks (%(default)s)")
        parser.add_argument(
            "--templates", default="role=template", help='as in the URL of /spectra/ ("%(default)s")'
        )
        parser.add_argument(
            "--queries", default="role=unknown", help='as in the URL of /spectra/ ("%(default)s")'
        )
        parser.add_argument("--note", default="")
        parser.add_argument("--wait", action="store_true", help="follow the run to its end")
        parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            run = retrieval_launch(
                configurations=[Configuration.parse(text) for text in options["configurations"].split(",")],
                metric=options["metric"],
                normalization=options["normalization"],
                z_tolerance=options["tolerance"],
                velocity_limit_kms=options["velocity_limit"],
                template_selection=dict(QueryDict(options["templates"]).lists()),
                query_selection=dict(QueryDict(options["queries"]).lists()),
                seed=options["seed"],
                note=options["note"],
            )
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        except ValueError as error:
            raise CommandError(str(error)) from error
        job = run.job
        if options["wait"]:
            job = follow(job_id=job.pk)
        run.refresh_from_db()
        if options["json"]:
            self.stdout.write(json.dumps(summary(run, job)))
        else:
            self.stdout.write(f"Run {run.pk} ({run.profile}) is {job.state}: {run.get_absolute_url()}")
            if succeeded(job):
                self.stdout.write(
                    f"{run.n_queries} queries, {run.n_templates} templates: {run.n_line_redshifts} redshifts "
                    f"from lines, {run.n_candidates} candidates."
                )
        if options["wait"] and not succeeded(job):
            raise CommandError(job.error or f"Run {run.pk} was {job.state}.")


def summary(run: Run, job: Job) -> dict[str, Any]:
    """What a run came to, for programs."""
    return {
        "run": run.pk,
        "status": job.state,
        "profile": run.profile,
        "queries": run.n_queries,
        "templates": run.n_templates,
        "neighbours": neighbours_count(run),
        "line_redshifts": run.n_line_redshifts,
        "candidates": run.n_candidates,
        "seconds": seconds_of(job),
        "neighbours_sha256": run.neighbours_sha256,
    }
