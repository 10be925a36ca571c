"""What came of the last messages of accounts that share messages by weight."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("channels", "0006_outages"),
    ]

    operations = [
        migrations.CreateModel(
            name="AccountScore",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("destination", models.CharField(blank=True, max_length=63)),
                ("taken", models.FloatField(default=0)),
                ("refused", models.FloatField(default=0)),
                ("reported", models.FloatField(default=0)),
                ("delivered", models.FloatField(default=0)),
                ("calls", models.FloatField(default=0)),
                ("failed_calls", models.FloatField(default=0)),
                ("answered", models.FloatField(default=0)),
                ("seconds", models.FloatField(default=0)),
                ("decayed_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="scores",
                        to="channels.provideraccount",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "destination"), name="one_score_per_account_and_destination"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("answered__gte", 0),
                            ("calls__gte", 0),
                            ("delivered__gte", 0),
                            ("failed_calls__gte", 0),
                            ("refused__gte", 0),
                            ("reported__gte", 0),
                            ("seconds__gte", 0),
                            ("taken__gte", 0),
                        ),
                        name="scores_count_from_zero",
                    ),
                ],
            },
        ),
    ]
