"""Reminders and thank-yous that are added to a distribution that there is, each at a moment of its own."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("contacts", "0006_contacts_by_phone"), ("distributor", "0013_subjects_of_steps")]

    operations = [
        # Of reminders to single people there may be as many as there are recipients.
        migrations.AlterField("step", "position", models.PositiveIntegerField()),
        migrations.AddField("step", "scheduled_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField(
            "step",
            "contact",
            models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="contacts.contact",
            ),
        ),
        migrations.RemoveConstraint("step", "invitations_fall_back_and_the_others_are_delayed"),
        migrations.RemoveConstraint("step", "a_reminder_comes_after_a_delay"),
        migrations.AddConstraint(
            "step",
            models.CheckConstraint(
                condition=Q(kind="invitation", delay_minutes=None, scheduled_at=None)
                | ~Q(kind="invitation")
                & Q(fallback_delay_minutes=None)
                & (
                    Q(delay_minutes__isnull=False, scheduled_at=None)
                    | Q(delay_minutes=None, scheduled_at__isnull=False)
                ),
                name="invitations_fall_back_and_others_have_a_delay_or_a_moment",
            ),
        ),
        migrations.AddConstraint(
            "step",
            models.CheckConstraint(
                condition=~Q(kind="reminder") | Q(delay_minutes=None) | Q(delay_minutes__gt=0),
                name="a_reminders_delay_is_above_zero",
            ),
        ),
        migrations.AddConstraint(
            "step",
            models.CheckConstraint(
                condition=Q(contact=None) | Q(scheduled_at__isnull=False), name="one_persons_step_has_a_moment"
            ),
        ),
        migrations.AddIndex(
            "step", models.Index(fields=["distribution", "contact"], name="steps_by_distribution_and_whom")
        ),
        migrations.AddField(
            "distribution",
            "follow_up_count",
            models.PositiveIntegerField(default=0, help_text="Steps added since it was accepted."),
        ),
        migrations.AddField(
            "distribution",
            "arming_count",
            models.PositiveIntegerField(default=0, help_text="Of them, those still being brought to people."),
        ),
        migrations.AddConstraint(
            "distribution",
            models.CheckConstraint(
                condition=Q(arming_count__lte=F("follow_up_count")), name="only_what_was_added_is_brought_to_people"
            ),
        ),
        migrations.CreateModel(
            name="FollowUp",
            fields=[
                (
                    "step",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="follow_up",
                        serialize=False,
                        to="distributor.step",
                    ),
                ),
                ("after_id", models.BigIntegerField(default=0)),
                (
                    "armed_count",
                    models.PositiveIntegerField(default=0, help_text="People who were put to wait for it."),
                ),
                ("is_done", models.BooleanField(default=False)),
                ("due_at", models.DateTimeField()),
                ("failures", models.PositiveIntegerField(default=0, help_text="Since it last got on.")),
                ("last_error", models.CharField(blank=True, max_length=500)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["due_at"], name="follow_ups_to_bring", condition=Q(is_done=False)),
                ],
            },
        ),
    ]
