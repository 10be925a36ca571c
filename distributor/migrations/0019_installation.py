from secrets import token_hex
from typing import Any

from django.db import migrations, models


def name_installation(apps: Any, schema_editor: Any) -> None:
    apps.get_model("distributor", "Installation").objects.get_or_create(pk=1, defaults={"code": token_hex(5)})


class Migration(migrations.Migration):
    dependencies = [
        ("distributor", "0018_machine_visits"),
    ]

    operations = [
        migrations.CreateModel(
            name="Installation",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                (
                    "code",
                    models.CharField(max_length=10),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("pk", 1)), name="one_installation_per_database")
                ],
            },
        ),
        migrations.RunPython(name_installation, migrations.RunPython.noop),
    ]
