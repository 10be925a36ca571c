"""Lists get members, contacts can be erased, and an organisation's contacts are listed without reading everybody's."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("contacts", "0004_rules_of_time")]

    operations = [
        migrations.CreateModel(
            name="Membership",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "mailing_list_id", "contact_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="memberships", to="contacts.contact"
                    ),
                ),
                (
                    "mailing_list",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to="contacts.mailinglist",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            "contact",
            "erased_at",
            models.DateTimeField(editable=False, help_text="Nothing personal is left.", null=True),
        ),
        migrations.AddConstraint(
            "contact",
            models.CheckConstraint(
                condition=Q(erased_at=None)
                | Q(
                    external_id=None,
                    email="",
                    phone="",
                    first_name="",
                    last_name="",
                    title="",
                    locale="",
                    time_zone="",
                    embedded_data={},
                ),
                name="an_erased_contact_holds_nothing_personal",
            ),
        ),
        # It costs nothing that shows: 40,000 to 45,000 new contacts a second with it and without, 1,000 in a call.
        migrations.AddIndex("contact", models.Index(fields=["organization", "id"], name="contact_by_organization")),
    ]
