from django.db import migrations, models


class Migration(migrations.Migration):
    """Two runs are compared, and the configurations of one counted, by indexes alone."""

    dependencies = [("catalog", "0020_covered")]

    operations = [
        migrations.RemoveConstraint(model_name="candidate", name="candidate_unique"),
        migrations.AddConstraint(
            model_name="candidate",
            constraint=models.UniqueConstraint(
                fields=["run", "spectrum"], include=["id", "kind", "z_cl", "z_rt"], name="candidate_unique"
            ),
        ),
        migrations.AddIndex(
            model_name="neighbour",
            index=models.Index(
                fields=["codebook", "spectrum"], condition=models.Q(agrees=True), name="neighbour_agreeing"
            ),
        ),
    ]
