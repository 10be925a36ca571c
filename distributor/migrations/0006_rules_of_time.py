"""Throttling, links that are tied to nobody, and recipients that are registered without being sent to."""

from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("contacts", "0004_rules_of_time"), ("distributor", "0005_provider_events")]

    operations = [
        migrations.AddField(
            "survey",
            "throttle_minutes",
            models.PositiveIntegerField(
                blank=True,
                null=True,
                help_text="To the same contact again: not sooner. Empty: the organisation's rule. 0: none.",
            ),
        ),
        migrations.AddField(
            "distribution",
            "link_type",
            models.CharField(
                choices=[("one_time", "one-time"), ("anonymous", "anonymous")], default="one_time", max_length=9
            ),
        ),
        migrations.AddField("distribution", "throttle_minutes", models.PositiveIntegerField(blank=True, null=True)),
        migrations.AddField(
            "distribution",
            "throttle_policy",
            models.CharField(
                choices=[("defer", "defer"), ("skip", "skip"), ("reject", "reject")], default="defer", max_length=6
            ),
        ),
        migrations.AddField(
            "distribution",
            "registered_count",
            models.PositiveIntegerField(default=0, help_text="With a link, and not sent to by us."),
        ),
        migrations.RemoveConstraint("distribution", "outcomes_never_exceed_what_was_accepted"),
        migrations.AddConstraint(
            "distribution",
            models.CheckConstraint(
                condition=Q(
                    accepted_count__gte=F("skipped_count")
                    + F("registered_count")
                    + F("sent_count")
                    + F("failed_count")
                    + F("indeterminate_count")
                    + F("stopped_count")
                ),
                name="outcomes_never_exceed_what_was_accepted",
            ),
        ),
        migrations.AddField("recipient", "baseline_sent_at", models.DateTimeField(null=True)),
        migrations.AlterField(
            "recipient",
            "state",
            models.CharField(
                choices=[
                    ("registered", "Registered"),
                    ("waiting", "Waiting"),
                    ("finished", "Finished"),
                    ("stopped", "Stopped"),
                ],
                default="waiting",
                max_length=10,
            ),
        ),
    ]
