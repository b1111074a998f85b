"""Many entries out of few: the candidates of the newest run, copied in SQL with spectrum and source."""

from __future__ import annotations

from django.db import connection, models, transaction
from django.db.models import Max

from catalog.models import Candidate, LineRedshift, Neighbour, Run, Source, Spectrum


def multiply(entries: int) -> dict[str, int]:
    """Copy the newest run's candidates until there are that many; gives the counts of rows after it.

    Copies keep what their original measured, and differ in name and place. They have no file, so only the
    originals' figures are drawn.
    """
    run = Run.objects.latest("pk")
    held = run.candidates.count()
    copies = max(0, -(-entries // held) - 1)
    copied = (Source, Spectrum, Candidate, LineRedshift, Neighbour)
    stride = {model: model._default_manager.aggregate(last=Max("pk"))["last"] + 1 for model in copied}
    with transaction.atomic(), connection.cursor() as cursor:

        def copy(model: type[models.Model], which: str, **changed: str) -> None:
            changed = {"id": f"r.id + c * {stride[model]}"} | changed
            columns = [field.column for field in model._meta.concrete_fields]
            values = ", ".join(changed.get(column, f"r.{column}") for column in columns)
            table = model._meta.db_table
            cursor.execute(
                f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} "
                f"FROM {table} r CROSS JOIN generate_series(1, {copies}) c WHERE {which}"
            )

        own = f"SELECT spectrum_id FROM catalog_candidate WHERE run_id = {run.pk}"
        sources = f"SELECT source_id FROM catalog_spectrum WHERE id IN ({own})"
        place = {
            "ra": "CASE WHEN r.ra + c * 0.17 >= 360 THEN mod((r.ra + c * 0.17)::numeric, 360)::float8 "
            "ELSE r.ra + c * 0.17 END",
            "healpix": "r.healpix + c * 1000003::bigint",
        }
        moved = f"r.spectrum_id + c * {stride[Spectrum]}"
        copy(Source, f"r.id IN ({sources})", **place)
        copy(
            Spectrum, f"r.id IN ({own})", source_id=f"r.source_id + c * {stride[Source]}", file="''",
            sha256="''", name="r.name || '-' || c", obsid="NULL", designation="''", **place,
        )  # fmt: skip
        copy(Candidate, f"r.run_id = {run.pk}", spectrum_id=moved)
        copy(LineRedshift, f"r.run_id = {run.pk} AND r.spectrum_id IN ({own})", spectrum_id=moved)
        codebooks = f"SELECT id FROM catalog_codebook WHERE run_id = {run.pk}"
        copy(Neighbour, f"r.codebook_id IN ({codebooks}) AND r.spectrum_id IN ({own})", spectrum_id=moved)
        run.n_candidates = run.candidates.count()
        run.save()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    tables = (Spectrum, Candidate, Neighbour)
    return {model._meta.model_name or "": model._default_manager.count() for model in tables}
