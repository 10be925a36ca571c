"""When an organisation lets anything out: quiet hours, weekdays, and how soon again."""

import django.contrib.postgres.fields
from django.db import migrations, models
from django.db.models import F, Q

import contacts.models.organization


class Migration(migrations.Migration):
    dependencies = [("contacts", "0003_reasons_of_suppressions")]

    operations = [
        migrations.AddField(
            "organization",
            "throttle_minutes",
            models.PositiveIntegerField(
                blank=True,
                null=True,
                help_text="The same survey to the same contact again: not sooner. Empty: no rule."
                " A survey may have its own.",
            ),
        ),
        migrations.AddField(
            "organization",
            "quiet_from",
            models.TimeField(blank=True, null=True, help_text="From then on nothing is sent, on contacts' clocks."),
        ),
        migrations.AddField(
            "organization",
            "quiet_until",
            models.TimeField(blank=True, null=True, help_text="Until then. Earlier than the start: the next day."),
        ),
        migrations.AddField(
            "organization",
            "send_weekdays",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.PositiveSmallIntegerField(),
                default=contacts.models.organization.every_weekday,
                help_text="Days on which anything is sent, 1 (Monday) to 7 (Sunday), such as 1,2,3,4,5.",
                size=None,
            ),
        ),
        migrations.AddConstraint(
            "organization",
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_until=None)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False) & ~Q(quiet_from=F("quiet_until")),
                name="quiet_hours_have_a_start_and_another_end",
            ),
        ),
        migrations.AddConstraint(
            "organization",
            models.CheckConstraint(
                condition=Q(send_weekdays__len__gt=0, send_weekdays__contained_by=[1, 2, 3, 4, 5, 6, 7]),
                name="something_is_sent_on_some_weekday",
            ),
        ),
    ]
