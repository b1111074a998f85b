import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0009_published_inspection'),
    ]

    operations = [
        migrations.AlterField(
            model_name='snapshotobject',
            name='snapshot',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='held', to='catalog.snapshot'),
        ),
    ]
