import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0007_simulated_snapshots'),
        ('tasks', '0001_initial'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='job',
            name='job_has_subject',
        ),
        migrations.AddField(
            model_name='job',
            name='looked_up',
            field=models.ForeignKey(blank=True, help_text='The run whose galaxies are looked up in other catalogues.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='lookup_jobs', to='catalog.run'),
        ),
        migrations.AlterField(
            model_name='job',
            name='kind',
            field=models.CharField(choices=[('retrieval', 'retrieval run'), ('import', 'import of spectra'), ('counterparts', 'look-up of counterparts')], max_length=12),
        ),
        migrations.AddConstraint(
            model_name='job',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'retrieval'), ('run__isnull', False)), models.Q(('batch__isnull', False), ('kind', 'import')), models.Q(('kind', 'counterparts'), ('looked_up__isnull', False)), _connector='OR'), name='job_has_subject'),
        ),
    ]
