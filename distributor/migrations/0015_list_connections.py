"""Lists that are connected to a survey: whoever is added to one is invited."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("channels", "0003_defaults"),
        ("contacts", "0008_lists_by_name"),
        ("distributor", "0014_follow_ups"),
    ]

    operations = [
        migrations.CreateModel(
            name="ListConnection",
            fields=[
                (
                    "mailing_list",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="connection",
                        serialize=False,
                        to="contacts.mailinglist",
                    ),
                ),
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
                    "is_active",
                    models.BooleanField(default=True, help_text="Otherwise people are added and not invited."),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "survey",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="distributor.survey"
                    ),
                ),
            ],
            options={"ordering": ("-created_at",)},
        ),
        migrations.CreateModel(
            name="ConnectionStep",
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
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="distributor.listconnection",
                    ),
                ),
                (
                    "provider_account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="channels.provideraccount"
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
                "verbose_name_plural": "list connections",
                "ordering": ("priority",),
                "constraints": [
                    models.UniqueConstraint(fields=("connection", "priority"), name="one_connection_step_per_priority"),
                    models.CheckConstraint(
                        condition=Q(priority__gte=1, priority__lte=10), name="connection_priority_is_1_to_10"
                    ),
                ],
            },
        ),
    ]
