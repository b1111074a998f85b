from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0006_inspection_leases'),
    ]

    operations = [
        migrations.AddField(
            model_name='snapshot',
            name='simulated',
            field=models.BooleanField(default=False, help_text='Made by the simulator: it answers about simulated sources only.'),
        ),
        migrations.AddIndex(
            model_name='snapshotobject',
            index=models.Index(condition=models.Q(('extent_arcsec__isnull', False)), fields=['snapshot', 'extent_arcsec'], name='snapshotobject_extent'),
        ),
    ]
