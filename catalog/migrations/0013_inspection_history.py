import django.db.models.deletion
from django.db import migrations, models

# What people said stays as they said it, whoever asks the database. One column of a row may change, one way:
# "once" from empty to a value (a vote is replaced), or "cleared" (an account was deleted).
KEEP = """
CREATE FUNCTION catalog_inspection_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was text; becomes text;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        IF coalesce(current_setting('glowworm.may_truncate', true), '') = 'on' THEN
            RETURN NULL;
        END IF;
    ELSIF TG_OP = 'UPDATE' THEN
        was := to_jsonb(OLD) ->> TG_ARGV[0];
        becomes := to_jsonb(NEW) ->> TG_ARGV[0];
        IF to_jsonb(OLD) - TG_ARGV[0] = to_jsonb(NEW) - TG_ARGV[0] AND (
            CASE TG_ARGV[1] WHEN 'once' THEN was IS NULL AND becomes IS NOT NULL ELSE becomes IS NULL END
        ) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'the history of inspection never changes: % of % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE FUNCTION catalog_withdrawal_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'candidate % was withdrawn, and that never changes', OLD.id
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER candidate_withdrawal_kept BEFORE UPDATE ON catalog_candidate FOR EACH ROW
    WHEN (OLD.withdrawn_at IS NOT NULL AND (OLD.withdrawn_at, OLD.withdrawn_reason)
        IS DISTINCT FROM (NEW.withdrawn_at, NEW.withdrawn_reason))
    EXECUTE FUNCTION catalog_withdrawal_kept();
"""
UNDO = """
DROP TRIGGER candidate_withdrawal_kept ON catalog_candidate;
DROP FUNCTION catalog_withdrawal_kept();
DROP FUNCTION catalog_inspection_kept();
"""
MAY_CHANGE = {
    "vote": ("replaced_at", "once"),
    "adjudication": ("replaced_at", "once"),
    "consensusrule": ("created_by_id", "cleared"),
    "goldstandard": ("set_by_id", "cleared"),
}


def kept(table):
    column, how = MAY_CHANGE[table]
    return migrations.RunSQL(
        f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE ON catalog_{table} FOR EACH ROW "
        f"EXECUTE FUNCTION catalog_inspection_kept('{column}', '{how}');"
        f"CREATE TRIGGER {table}_untruncated BEFORE TRUNCATE ON catalog_{table} FOR EACH STATEMENT "
        "EXECUTE FUNCTION catalog_inspection_kept()",
        f"DROP TRIGGER {table}_kept ON catalog_{table}; DROP TRIGGER {table}_untruncated ON catalog_{table}",
    )


class Migration(migrations.Migration):
    dependencies = [("catalog", "0012_given_lists")]

    operations = [
        migrations.AlterField(
            model_name="adjudication", name="candidate",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="adjudications", to="catalog.candidate"),
        ),
        migrations.AlterField(
            model_name="consensusrule", name="run",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="consensus_rules", to="catalog.run"),
        ),
        migrations.AlterField(
            model_name="goldstandard", name="candidate",
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="gold_standard", to="catalog.candidate"),
        ),
        migrations.AlterField(
            model_name="vote", name="candidate",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="votes", to="catalog.candidate"),
        ),
        migrations.RunSQL(KEEP, UNDO),
        *map(kept, MAY_CHANGE),
    ]
