from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0017_given_regions'),
    ]

    operations = [
        migrations.AddField(
            model_name='regionmatch',
            name='version',
            field=models.CharField(default='', help_text='That of the region.', max_length=20),
            preserve_default=False,
        ),
        migrations.RunSQL(
            "UPDATE catalog_regionmatch SET version = region.version "
            "FROM catalog_hiiregion region WHERE region.id = region_id",
            migrations.RunSQL.noop,
        ),
        migrations.RemoveConstraint(
            model_name='regionmatch',
            name='regionmatch_one_best',
        ),
        migrations.AddConstraint(
            model_name='regionmatch',
            constraint=models.UniqueConstraint(
                condition=models.Q(('is_best', True)),
                fields=('spectrum', 'version'),
                name='regionmatch_one_best',
            ),
        ),
    ]
