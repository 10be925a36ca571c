from typing import Any

from django.db import migrations, models
from django.db.models import Max


def keep_ids_of_older_recipients(apps: Any, schema_editor: Any) -> None:
    """Attempts of recipients that exist now may be repeated at their providers, which know their plain ids."""
    last = apps.get_model("distributor", "Recipient").objects.aggregate(last=Max("id"))["last"]
    if last is not None:
        apps.get_model("distributor", "Installation").objects.update(plain_ids_below=last + 1)


class Migration(migrations.Migration):
    dependencies = [
        ("distributor", "0025_steered_routes"),
    ]

    operations = [
        migrations.AddField(
            model_name="installation",
            name="plain_ids_below",
            field=models.BigIntegerField(
                db_default=0,
                default=0,
                editable=False,
                help_text="Recipients with smaller ids are older than sealed ids, and keep their plain ones.",
            ),
        ),
        migrations.RunPython(keep_ids_of_older_recipients, migrations.RunPython.noop),
    ]
