import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Case, Q, Value, When

OUTCOMES = [
    ("matched", "matched"), ("no-match", "no match"), ("not-covered", "not covered"), ("failed", "failed"),
]  # fmt: skip
FILL = (
    """
    CREATE TEMP TABLE asked AS
    SELECT l.id, l.source_id, l.service, l.outcome, l.release, l.provider, l.radius_arcsec, l.asked_at,
        least(s.dated, (l.asked_at AT TIME ZONE 'UTC')::date) AS as_of,
        coalesce(s.simulated, false) AS simulated
    FROM catalog_counterpartlookup l
    JOIN catalog_source o ON o.id = l.source_id AND o.ra = l.ra AND o.dec = l.dec
    LEFT JOIN catalog_snapshot s ON s.id = l.snapshot_id
    WHERE l.service IN ('simbad', 'sdss', 'ned')
    """,
    "ANALYZE asked",
    """
    CREATE TEMP TABLE unsaid AS
    SELECT DISTINCT held.id
    FROM asked held JOIN asked denied USING (source_id, service, provider)
    WHERE held.outcome = 'matched' AND denied.outcome = 'no-match'
        AND (held.simulated OR NOT denied.simulated)
        AND denied.radius_arcsec >= held.radius_arcsec
        AND (denied.as_of, denied.asked_at) > (held.as_of, held.asked_at)
        AND (denied.release = held.release
            OR denied.release > held.release
                AND held.release ~ '^[0-9]{4}-[0-9]{2}$' AND denied.release ~ '^[0-9]{4}-[0-9]{2}$')
    """,
    """
    CREATE TEMP TABLE stands AS
    SELECT DISTINCT ON (about.simulated, source_id, service)
        about.simulated, source_id, service, asked.id AS lookup_id, outcome
    FROM asked
    JOIN (VALUES (false), (true)) about (simulated) ON about.simulated OR NOT asked.simulated
    LEFT JOIN unsaid ON unsaid.id = asked.id
    ORDER BY about.simulated, source_id, service, CASE
        WHEN outcome = 'matched' AND unsaid.id IS NULL THEN 0
        WHEN outcome IN ('matched', 'no-match') THEN 1
        WHEN outcome = 'not-covered' THEN 2 ELSE 3 END, as_of DESC, asked_at DESC, asked.id DESC
    """,
    """
    CREATE TEMP TABLE told AS
    WITH nearest AS (
        SELECT DISTINCT ON (lookup_id) lookup_id, id FROM catalog_counterpart
        ORDER BY lookup_id, separation_arcsec, id
    )
    SELECT simulated, source_id,
        max(outcome) FILTER (WHERE service = 'simbad') AS simbad_outcome,
        max(outcome) FILTER (WHERE service = 'sdss') AS sdss_outcome,
        max(outcome) FILTER (WHERE service = 'ned') AS ned_outcome,
        max(nearest.id) FILTER (WHERE service = 'simbad') AS simbad_nearest,
        max(nearest.id) FILTER (WHERE service = 'sdss') AS sdss_nearest,
        max(nearest.id) FILTER (WHERE service = 'ned') AS ned_nearest
    FROM stands LEFT JOIN nearest USING (lookup_id)
    GROUP BY 1, 2
    """,
    "ANALYZE told",
    """
    UPDATE catalog_candidate c SET
        simbad_outcome = told.simbad_outcome, simbad_nearest_id = told.simbad_nearest,
        sdss_outcome = told.sdss_outcome, sdss_nearest_id = told.sdss_nearest,
        ned_outcome = told.ned_outcome, ned_nearest_id = told.ned_nearest
    FROM catalog_spectrum s, catalog_release r, told
    WHERE s.id = c.spectrum_id AND r.id = s.release_id
        AND told.source_id = s.source_id AND told.simulated = r.simulated
    """,
    "DROP TABLE asked, unsaid, stands, told",
)
"""``counterparts.selectors.standing`` for all candidates at once, in steps that the planner can count."""


def _outcome(service: str) -> models.Field:
    words = f"What stands of {service}'s answers about the source; empty where it was never asked."
    return models.CharField(blank=True, choices=OUTCOMES, help_text=words, max_length=12, null=True)  # noqa: DJ001


def _nearest(service: str) -> models.Field:
    return models.ForeignKey(
        "catalog.counterpart", blank=True, null=True, related_name="+",
        on_delete=django.db.models.deletion.SET_NULL,
        help_text=f"The nearest object of {service}, where its answer is a match.",
    )  # fmt: skip


class Migration(migrations.Migration):
    """What stands of the look-ups, stored on candidates, and whether that makes a galaxy new."""

    dependencies = [("catalog", "0021_compared")]

    operations = [
        migrations.AddField("candidate", "simbad_outcome", _outcome("SIMBAD")),
        migrations.AddField("candidate", "sdss_outcome", _outcome("SDSS")),
        migrations.AddField("candidate", "ned_outcome", _outcome("NED")),
        migrations.AddField("candidate", "simbad_nearest", _nearest("SIMBAD")),
        migrations.AddField("candidate", "sdss_nearest", _nearest("SDSS")),
        migrations.AddField("candidate", "ned_nearest", _nearest("NED")),
        migrations.RunSQL(list(FILL), migrations.RunSQL.noop),
        migrations.AddField(
            "candidate",
            "new_galaxy",
            models.GeneratedField(
                db_persist=True,
                expression=Case(
                    When(
                        Q(simbad_outcome="matched") | Q(sdss_outcome="matched") | Q(ned_outcome="matched"),
                        then=Value(False),
                    ),
                    When(
                        simbad_outcome="no-match", sdss_outcome="no-match", ned_outcome="no-match",
                        then=Value(True),
                    ),
                    default=None,
                ),
                help_text="False where one of the three services holds it, true where all three answered "
                "that they hold nothing; empty until then.",
                null=True,
                output_field=models.BooleanField(null=True),
            ),
        ),
        migrations.AddIndex(
            "candidate", models.Index(fields=["run", "kind", "new_galaxy"], name="candidate_run_new")
        ),
    ]  # fmt: skip
