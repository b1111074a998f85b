from django.db import migrations

# Triggers of rows do not fire on TRUNCATE, which would empty a published catalogue in silence (alone, or in
# cascade from spectra or runs). The suite empties its database so, and says it of its own connections.
KEEP = """
CREATE FUNCTION catalog_published_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(current_setting('glowworm.may_truncate', true), '') <> 'on' THEN
        RAISE EXCEPTION 'a published catalogue never changes: TRUNCATE of % is refused', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
"""
TABLES = ("catalogue", "publishedgalaxy", "publishednebula", "publishedcandidate", "publishedfile")


def kept(table):
    return migrations.RunSQL(
        f"CREATE TRIGGER {table}_kept BEFORE TRUNCATE ON catalog_{table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION catalog_published_kept()",
        f"DROP TRIGGER {table}_kept ON catalog_{table}",
    )


class Migration(migrations.Migration):
    dependencies = [("catalog", "0010_snapshot_rows")]

    operations = [
        migrations.RunSQL(KEEP, "DROP FUNCTION catalog_published_kept()"),
        *map(kept, TABLES),
    ]
