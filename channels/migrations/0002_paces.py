"""How fast an account may send, how it stands against that, and who stands in for it."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("channels", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Pace",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="pace",
                        serialize=False,
                        to="channels.provideraccount",
                    ),
                ),
                ("tokens", models.FloatField(default=0)),
                ("refilled_at", models.DateTimeField(null=True)),
                ("turn_at", models.DateTimeField(null=True)),
                ("paused_until", models.DateTimeField(null=True)),
                ("day", models.DateField(null=True)),
                ("sent_today", models.PositiveIntegerField(default=0)),
                ("broken_because", models.CharField(blank=True, max_length=255)),
                ("probe_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name="provideraccount",
            name="daily_limit",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="Messages a day (UTC). Empty: no limit.",
                null=True,
                validators=[django.core.validators.MinValueValidator(1)],
            ),
        ),
        migrations.AddField(
            model_name="provideraccount",
            name="rate_per_second",
            field=models.FloatField(
                blank=True,
                help_text="Messages. Empty: no limit.",
                null=True,
                validators=[django.core.validators.MinValueValidator(0.01)],
            ),
        ),
        migrations.AddField(
            model_name="provideraccount",
            name="urgent_reserve_percent",
            field=models.PositiveSmallIntegerField(
                default=10,
                help_text="The share of both limits that is kept for small, urgent sends.",
                validators=[django.core.validators.MaxValueValidator(90)],
            ),
        ),
        migrations.AddField(
            model_name="provideraccount",
            name="stand_in",
            field=models.ForeignKey(
                blank=True,
                help_text="Sends what this account cannot: while it is switched off, broken, paused or its day is "
                "used up.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="channels.provideraccount",
            ),
        ),
        migrations.AddConstraint(
            model_name="provideraccount",
            constraint=models.CheckConstraint(
                condition=models.Q(("rate_per_second", None), ("rate_per_second__gt", 0), _connector="OR"),
                name="a_rate_is_above_zero",
            ),
        ),
        migrations.AddConstraint(
            model_name="provideraccount",
            constraint=models.CheckConstraint(
                condition=models.Q(("daily_limit", None), ("daily_limit__gt", 0), _connector="OR"),
                name="a_daily_limit_is_above_zero",
            ),
        ),
        migrations.AddConstraint(
            model_name="provideraccount",
            constraint=models.CheckConstraint(
                condition=models.Q(("stand_in", models.F("id")), _negated=True), name="nobody_stands_in_for_itself"
            ),
        ),
        migrations.AddConstraint(
            model_name="provideraccount",
            constraint=models.CheckConstraint(
                condition=models.Q(("urgent_reserve_percent__lte", 90)), name="a_reserve_leaves_something"
            ),
        ),
    ]
