"""A skipped contact of a distribution is found by its contact."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("distributor", "0016_plain_help_texts")]

    operations = [
        migrations.AddIndex(
            "decision",
            models.Index(
                fields=["contact_id", "distribution_id"],
                name="skipped_by_contact",
                condition=Q(recipient_id=None),
            ),
        ),
    ]
