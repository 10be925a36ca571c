"""Reminders and thank-yous as kinds of steps, what ends a chain's fallbacks, and how many were reached."""

from django.db import migrations, models
from django.db.models import F, Q

COUNT_REACHED = """
UPDATE distributor_distribution d SET reached_count = reached.count
FROM (
    SELECT distribution_id, count(*) FROM distributor_recipient WHERE first_sent_at IS NOT NULL GROUP BY 1
) reached
WHERE d.id = reached.distribution_id
"""


class Migration(migrations.Migration):
    dependencies = [("distributor", "0007_idempotency_keys")]

    operations = [
        migrations.AddField(
            "step",
            "kind",
            models.CharField(
                choices=[("invitation", "invitation"), ("reminder", "reminder"), ("thank_you", "thank-you")],
                default="invitation",
                max_length=10,
            ),
        ),
        migrations.AddField(
            "step",
            "delay_minutes",
            models.PositiveIntegerField(
                blank=True,
                null=True,
                help_text="Of a reminder after the last hand-over, of a thank-you after the response.",
            ),
        ),
        migrations.AddConstraint(
            "step",
            models.CheckConstraint(
                condition=Q(kind="invitation", delay_minutes=None)
                | ~Q(kind="invitation") & Q(delay_minutes__isnull=False, fallback_delay_minutes=None),
                name="invitations_fall_back_and_the_others_are_delayed",
            ),
        ),
        migrations.AddConstraint(
            "step",
            models.CheckConstraint(
                condition=~Q(kind="reminder") | Q(delay_minutes__gt=0), name="a_reminder_comes_after_a_delay"
            ),
        ),
        migrations.AddField(
            "distribution",
            "stops_on",
            models.CharField(
                choices=[("response", "response"), ("opened", "opened"), ("delivered", "delivered")],
                default="response",
                help_text="What ends the chain's fallbacks. A response always does.",
                max_length=9,
            ),
        ),
        migrations.AddField(
            "distribution",
            "reached_count",
            models.PositiveIntegerField(
                default=0, help_text="With a message that counts as sent, whatever they wait for now."
            ),
        ),
        migrations.RunSQL(COUNT_REACHED, migrations.RunSQL.noop),
        migrations.AddConstraint(
            "distribution",
            models.CheckConstraint(
                condition=Q(reached_count__lte=F("accepted_count") - F("skipped_count")),
                name="no_more_are_reached_than_are_recipients",
            ),
        ),
    ]
