"""What is sent again and again: when, by which steps, and what came of each occurrence."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import contacts.ids
import contacts.models.organization


class Migration(migrations.Migration):
    dependencies = [
        ("channels", "0002_paces"),
        ("contacts", "0005_memberships"),
        ("distributor", "0009_expansions"),
    ]

    operations = [
        migrations.CreateModel(
            name="RecurringDistribution",
            fields=[
                (
                    "id",
                    models.UUIDField(default=contacts.ids.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("name", models.CharField(help_text="Each distribution is called so, with its date.", max_length=200)),
                (
                    "mode",
                    models.CharField(
                        choices=[
                            ("single", "single: the first channel that reaches the contact"),
                            ("multi", "multi: the next channel when one fails or stays unanswered"),
                        ],
                        default="single",
                        max_length=6,
                    ),
                ),
                (
                    "cron",
                    models.CharField(
                        help_text="Minute, hour, day of month, month, day of week: 0 9 * * mon is every Monday at 9.",
                        max_length=100,
                    ),
                ),
                (
                    "time_zone",
                    models.CharField(
                        blank=True,
                        help_text="Whose clock it goes by, such as Europe/Warsaw. Empty: the organisation's.",
                        max_length=63,
                        validators=[contacts.models.organization.validate_time_zone],
                    ),
                ),
                ("respect_frequency_rules", models.BooleanField(default=True)),
                (
                    "recent_contact_days",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Leave out who was sent any survey within so many days. Empty: nobody for that.",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(365),
                        ],
                    ),
                ),
                (
                    "links_expire_after_days",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Empty: never.",
                        null=True,
                        validators=[django.core.validators.MinValueValidator(1)],
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
                ("next_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "mailing_list",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="contacts.mailinglist"
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="recurring_distributions",
                        to="contacts.organization",
                    ),
                ),
                (
                    "survey",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="distributor.survey"
                    ),
                ),
            ],
            options={
                "ordering": ("name",),
            },
        ),
        migrations.CreateModel(
            name="Occurrence",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("occurs_at", models.DateTimeField()),
                ("fault", models.CharField(blank=True, help_text="Why nothing was sent.", max_length=255)),
                (
                    "missed_from",
                    models.DateTimeField(
                        help_text="The first of those before it that nobody started in time; they are left out.",
                        null=True,
                    ),
                ),
                ("decided_at", models.DateTimeField()),
                (
                    "distribution",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="occurrence",
                        to="distributor.distribution",
                    ),
                ),
                (
                    "recurring",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="occurrences",
                        to="distributor.recurringdistribution",
                    ),
                ),
            ],
            options={
                "ordering": ("-occurs_at",),
            },
        ),
        migrations.CreateModel(
            name="RecurringStep",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "priority",
                    models.PositiveSmallIntegerField(
                        default=1,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10),
                        ],
                    ),
                ),
                (
                    "fallback_delay_minutes",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="Without a response for so long: the next step. Empty: only if this one fails.",
                        null=True,
                    ),
                ),
                (
                    "provider_account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="channels.provideraccount"
                    ),
                ),
                (
                    "recurring",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="distributor.recurringdistribution",
                    ),
                ),
                (
                    "template",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="channels.template"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "recurring distributions",
                "ordering": ("priority",),
            },
        ),
        migrations.AddIndex(
            model_name="recurringdistribution",
            index=models.Index(
                condition=models.Q(("is_active", True)), fields=["next_at"], name="due_recurring_distributions"
            ),
        ),
        migrations.AddConstraint(
            model_name="recurringdistribution",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_active", False), ("next_at__isnull", False), _connector="OR"),
                name="who_is_active_knows_its_next_moment",
            ),
        ),
        migrations.AddConstraint(
            model_name="occurrence",
            constraint=models.UniqueConstraint(
                fields=("recurring", "occurs_at"), name="one_distribution_per_occurrence"
            ),
        ),
        migrations.AddConstraint(
            model_name="occurrence",
            constraint=models.CheckConstraint(
                condition=models.Q(("missed_from", None), ("missed_from__lt", models.F("occurs_at")), _connector="OR"),
                name="what_was_missed_came_before",
            ),
        ),
        migrations.AddConstraint(
            model_name="recurringstep",
            constraint=models.UniqueConstraint(
                fields=("recurring", "priority"), name="one_recurring_step_per_priority"
            ),
        ),
        migrations.AddConstraint(
            model_name="recurringstep",
            constraint=models.CheckConstraint(
                condition=models.Q(("priority__gte", 1), ("priority__lte", 10)), name="recurring_priority_is_1_to_10"
            ),
        ),
    ]
