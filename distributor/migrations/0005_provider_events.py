"""What providers tell after a hand-over, and what it came to for each try."""

from django.db import migrations, models

PROGRESS = [(0, "none"), (1, "sent"), (2, "delivered"), (3, "opened"), (4, "clicked")]
TROUBLE = [(0, "none"), (1, "delayed"), (2, "complained"), (3, "undelivered"), (4, "bounced"), (5, "dropped")]


class Migration(migrations.Migration):
    dependencies = [("distributor", "0004_step_accounts")]

    operations = [
        migrations.AddField("attempt", "progress", models.PositiveSmallIntegerField(choices=PROGRESS, db_default=0)),
        migrations.AddField("attempt", "trouble", models.PositiveSmallIntegerField(choices=TROUBLE, db_default=0)),
        migrations.AddField("recipient", "has_early_events", models.BooleanField(db_default=False)),
        migrations.CreateModel(
            name="ProviderEvent",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("provider_account_id", models.UUIDField()),
                ("event_id", models.CharField(max_length=255)),
                ("kind", models.CharField(max_length=15)),
                ("progress", models.PositiveSmallIntegerField(choices=PROGRESS)),
                ("trouble", models.PositiveSmallIntegerField(choices=TROUBLE)),
                ("recipient_id", models.BigIntegerField(null=True)),
                ("attempt_number", models.PositiveSmallIntegerField(null=True)),
                ("address", models.CharField(blank=True, max_length=254)),
                ("provider_message_id", models.CharField(blank=True, max_length=255)),
                ("code", models.CharField(blank=True, max_length=63)),
                ("detail", models.CharField(blank=True, max_length=500)),
                ("is_machine", models.BooleanField(default=False)),
                ("raw", models.JSONField(default=dict)),
                ("occurred_at", models.DateTimeField()),
                ("received_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["recipient_id"],
                        name="events_of_a_recipient",
                        condition=models.Q(recipient_id__isnull=False),
                    ),
                    models.Index(
                        fields=["address"],
                        name="wishes_of_an_address",
                        condition=models.Q(kind__in=("stopped", "started")),
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("provider_account_id", "event_id"), name="one_row_per_provider_event"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(recipient_id=None, attempt_number=None)
                        | models.Q(recipient_id__isnull=False, attempt_number__isnull=False),
                        name="an_event_names_a_whole_attempt_or_none",
                    ),
                ],
            },
        ),
    ]
