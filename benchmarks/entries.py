"""Many entries out of few: the candidates of every run, copied in SQL with all that pages read of them."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import connection, models, transaction
from django.db.models import Max

from catalog.models import (
    Candidate,
    Counterpart,
    CounterpartLookup,
    Inspector,
    LineRedshift,
    Neighbour,
    RegionMatch,
    Run,
    Source,
    Spectrum,
)

COPIED: tuple[type[models.Model], ...] = (
    Source, Spectrum, Candidate, LineRedshift, Neighbour, RegionMatch, CounterpartLookup, Counterpart,
)  # fmt: skip
INSPECTORS = ("ann", "ben", "cay")
CAST = """
    INSERT INTO catalog_vote
        (candidate_id, inspector_id, verdict, seen_class, reasons, comment, seconds, created_at)
    SELECT c.id, i.id,
        CASE WHEN c.id %% 5 = 0 OR (c.id %% 7 = 0 AND i.place = 1) THEN 'reject' ELSE 'keep' END,
        '', 0, '', 5 + c.id %% 10, now()
    FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM catalog_candidate WHERE run_id = %(run)s) c
    JOIN unnest(%(inspectors)s::bigint[]) WITH ORDINALITY AS i (id, place) ON i.place - 1 <> c.n %% 3
    WHERE c.n <= %(n)s
"""
DECIDE = """
    UPDATE catalog_candidate c SET inspection_state = CASE
        WHEN v.n = v.keep THEN 'kept' WHEN v.keep = 0 THEN 'rejected' ELSE 'conflict' END
    FROM (
        SELECT candidate_id, count(*) AS n, count(*) FILTER (WHERE verdict = 'keep') AS keep
        FROM catalog_vote GROUP BY 1
    ) v WHERE v.candidate_id = c.id
"""


def multiply(entries: int) -> dict[str, int]:
    """Copy the candidates of every run until the newest has that many; gives the counts of rows after it.

    Copies keep what their original measured, and its file, and differ in name and place. Two of three people
    have voted on the first half of the newest run.
    """
    run = Run.objects.latest("pk")
    copies = max(0, -(-entries // run.candidates.count()) - 1)
    stride = {model: model._default_manager.aggregate(last=Max("pk"))["last"] or 0 for model in COPIED}
    with transaction.atomic(), connection.cursor() as cursor:

        def moved(model: type[models.Model], column: str) -> str:
            return f"r.{column} + c * {stride[model]}"

        def copy(model: type[models.Model], which: str, **changed: str) -> None:
            changed = {"id": moved(model, "id")} | changed
            columns = [field.column for field in model._meta.concrete_fields if not field.generated]
            values = ", ".join(changed.get(column, f"r.{column}") for column in columns)
            cursor.execute(
                f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) SELECT {values} "
                f"FROM {model._meta.db_table} r CROSS JOIN generate_series(1, {copies}) c WHERE {which}"
            )

        spectra = "SELECT spectrum_id FROM catalog_candidate"
        sources = f"SELECT source_id FROM catalog_spectrum WHERE id IN ({spectra})"
        lookups = f"SELECT id FROM catalog_counterpartlookup WHERE source_id IN ({sources})"
        ra = (
            "CASE WHEN r.ra + c * 0.17 >= 360 THEN mod((r.ra + c * 0.17)::numeric, 360)::float8 "
            "ELSE r.ra + c * 0.17 END"
        )
        place = {"ra": ra, "healpix": "r.healpix + c * 1000003::bigint"}
        source, spectrum = moved(Source, "source_id"), moved(Spectrum, "spectrum_id")
        # What others point to is copied first, so that "which" still means the originals.
        copy(Counterpart, f"r.lookup_id IN ({lookups})", lookup_id=moved(CounterpartLookup, "lookup_id"))
        copy(CounterpartLookup, f"r.source_id IN ({sources})", source_id=source, ra=ra)
        for model in (RegionMatch, LineRedshift, Neighbour):
            copy(model, f"r.spectrum_id IN ({spectra})", spectrum_id=spectrum)
        copy(Source, f"r.id IN ({sources})", **place)
        copy(
            Spectrum, f"r.id IN ({spectra})", source_id=source, name="r.name || '-' || c", obsid="NULL",
            sha256="encode(sha256(convert_to(r.sha256 || c, 'UTF8')), 'hex')", designation="''", **place,
        )  # fmt: skip
        nearest = {
            column: moved(Counterpart, column)
            for column in ("simbad_nearest_id", "sdss_nearest_id", "ned_nearest_id")
        }
        copy(Candidate, "true", spectrum_id=spectrum, **nearest)
        inspectors = [
            Inspector.objects.get_or_create(user=User.objects.get_or_create(username=name)[0])[0].pk
            for name in INSPECTORS
        ]
        cursor.execute(CAST, {"run": run.pk, "inspectors": inspectors, "n": entries // 2})
        cursor.execute(DECIDE)
        for one in Run.objects.all():
            one.n_candidates = one.candidates.count()
            one.save()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    tables = (Spectrum, Candidate, Neighbour, CounterpartLookup)
    return {model._meta.model_name or "": model._default_manager.count() for model in tables}
