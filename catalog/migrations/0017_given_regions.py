from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0016_readers'),
    ]

    operations = [
        migrations.AddField(
            model_name='givenlist',
            name='regions',
            field=models.ManyToManyField(help_text='Named by an entry, or holding a position.', related_name='given_lists', to='catalog.hiiregion'),
        ),
        migrations.AlterField(
            model_name='givenlist',
            name='sha256',
            field=models.CharField(help_text='Over entries, radius and what they mean: the same again is not kept twice.', max_length=64, unique=True),
        ),
    ]
