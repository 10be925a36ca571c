"""Steps that several provider accounts serve, and batches that wait for one."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("channels", "0002_paces"), ("distributor", "0003_steering")]

    operations = [
        migrations.CreateModel(
            name="StepAccount",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("position", models.PositiveSmallIntegerField()),
                ("weight", models.PositiveSmallIntegerField(null=True)),
                (
                    "provider_account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="channels.provideraccount",
                    ),
                ),
                (
                    "step",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="accounts", to="distributor.step"
                    ),
                ),
            ],
            options={"ordering": ("position",)},
        ),
        migrations.AddConstraint(
            model_name="stepaccount",
            constraint=models.UniqueConstraint(fields=("step", "position"), name="one_account_per_position_of_a_step"),
        ),
        migrations.AddConstraint(
            model_name="stepaccount",
            constraint=models.UniqueConstraint(
                fields=("step", "provider_account"), name="an_account_serves_a_step_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="stepaccount",
            constraint=models.CheckConstraint(
                condition=models.Q(("weight", None), ("weight__gt", 0), _connector="OR"),
                name="a_weight_is_above_zero",
            ),
        ),
        migrations.AddField(
            model_name="batch",
            name="held_by",
            field=models.UUIDField(help_text="The provider account that it waits for.", null=True),
        ),
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(condition=models.Q(("held_by__isnull", False)), fields=["held_by"], name="held_batches"),
        ),
    ]
