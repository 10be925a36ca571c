"""What an account in trouble remembers, and senders that an account refuses."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("channels", "0005_on_missing_value"),
    ]

    operations = [
        migrations.AddField(
            model_name="pace",
            name="doubted",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="pace",
            name="failed_probes",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="pace",
            name="failing_since",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="pace",
            name="failures",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="pace",
            name="is_unreachable",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="pace",
            name="throttle_level",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.CreateModel(
            name="RefusedSender",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("email", models.EmailField(max_length=254)),
                ("because", models.CharField(blank=True, max_length=255)),
                ("since", models.DateTimeField()),
                ("probe_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="refused_senders",
                        to="channels.provideraccount",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("account", "email"), name="one_refusal_per_account_and_sender")
                ],
            },
        ),
    ]
