"""A list is found by its name."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("contacts", "0007_changed_lists")]

    operations = [
        migrations.AddIndex(
            "mailinglist",
            models.Index(fields=["organization", "name"], name="list_by_name", condition=~Q(name="")),
        ),
    ]
