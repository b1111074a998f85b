from django.db import migrations, models


class Migration(migrations.Migration):
    """The orders in which rows are read: by name, by redshift, as candidates were made, the last answer."""

    dependencies = [("catalog", "0018_region_matches_by_version")]

    operations = [
        migrations.AddIndex(
            model_name="spectrum",
            index=models.Index(fields=["name", "id"], name="spectrum_name_id"),
        ),
        migrations.AddIndex(
            model_name="candidate",
            index=models.Index(fields=["run", "id"], name="candidate_run_id"),
        ),
        migrations.AddIndex(
            model_name="candidate",
            index=models.Index(fields=["run", "z_cl", "id"], name="candidate_run_z"),
        ),
        migrations.AddIndex(
            model_name="counterpartlookup",
            index=models.Index(fields=["asked_at"], name="lookup_asked"),
        ),
    ]
