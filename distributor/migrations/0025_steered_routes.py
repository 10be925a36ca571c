"""Why an attempt used its account, and steps whose accounts share by the weights alone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("distributor", "0024_journal_and_recovery"),
    ]

    operations = [
        migrations.AddField(
            model_name="attempt",
            name="route",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="step",
            name="has_fixed_split",
            field=models.BooleanField(
                db_default=False,
                help_text="Whether accounts with weights share the messages by the weights alone, whatever comes of them.",
            ),
        ),
    ]
