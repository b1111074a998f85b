from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models
from django.db.models.functions import Upper


class Migration(migrations.Migration):
    """Parts of names, nebulae and what inspection came to are found in indexes alone.

    PostgreSQL lets the owner of a database load the extension.
    """

    dependencies = [("catalog", "0019_orders")]

    operations = [
        TrigramExtension(),
        migrations.AddIndex(
            model_name="spectrum",
            index=GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="spectrum_name_parts"),
        ),
        migrations.RemoveIndex(model_name="candidate", name="candidate_run_inspection"),
        migrations.AddIndex(
            model_name="candidate",
            index=models.Index(
                fields=["run", "inspection_state", "id"], include=["withdrawn_at", "kind", "spectrum"],
                name="candidate_run_inspection",
            ),
        ),
        migrations.AddIndex(
            model_name="candidate",
            index=models.Index(
                fields=["run", "new_found", "region", "id"], include=["spectrum", "nebula_state"],
                condition=models.Q(kind="nebula"), name="candidate_nebulae",
            ),
        ),
    ]  # fmt: skip
