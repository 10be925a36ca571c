"""A list knows when it was last renamed; of those that there are it is taken to be when they were made."""

from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies = [("contacts", "0006_contacts_by_phone")]

    operations = [
        migrations.AddField("mailinglist", "updated_at", models.DateTimeField(auto_now=True, db_default=Now())),
        migrations.RunSQL("UPDATE contacts_mailinglist SET updated_at = created_at", migrations.RunSQL.noop),
    ]
