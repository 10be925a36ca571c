"""Answers that are kept for a day under the key that the caller gave, so that a repeated call sends nothing twice."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("contacts", "0002_storage"), ("distributor", "0006_rules_of_time")]

    operations = [
        migrations.CreateModel(
            name="IdempotencyKey",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "api_key_id", "key", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "api_key",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="contacts.apikey",
                    ),
                ),
                ("key", models.CharField(max_length=255)),
                ("fingerprint", models.BinaryField(help_text="SHA-256 of method, path and body.", max_length=32)),
                ("status", models.PositiveSmallIntegerField()),
                ("content_type", models.CharField(max_length=127)),
                ("body", models.BinaryField(help_text="The answer's bytes, as they were sent.")),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["expires_at"], name="expiring_idempotency_keys")],
                "constraints": [
                    models.CheckConstraint(condition=~Q(key=""), name="an_idempotency_key_is_not_empty"),
                    models.CheckConstraint(
                        condition=Q(status__range=(200, 299)), name="only_success_is_kept_for_a_replay"
                    ),
                    models.CheckConstraint(
                        condition=Q(expires_at__gt=F("created_at")), name="an_answer_is_kept_for_a_while"
                    ),
                ],
            },
        ),
    ]
