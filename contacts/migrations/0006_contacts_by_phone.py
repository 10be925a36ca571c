"""A phone number finds its contact, and names one when nothing else is known of it."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("contacts", "0005_memberships")]

    operations = [
        migrations.AddIndex(
            "contact",
            models.Index(fields=["organization", "phone"], name="contact_by_phone", condition=~Q(phone="")),
        ),
        migrations.AddConstraint(
            "contact",
            models.UniqueConstraint(
                fields=("organization", "phone"),
                name="one_contact_per_phone_if_known_by_nothing_else",
                condition=Q(external_id__isnull=True, email="") & ~Q(phone=""),
            ),
        ),
    ]
