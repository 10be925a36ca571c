"""Addresses of erased people, and an erasure may take a name out of a consent event's source and evidence."""

import django.db.models.deletion
from django.db import migrations, models

APPEND_ONLY = """
DROP TRIGGER consent_events_are_append_only ON contacts_consentevent;
CREATE TRIGGER consent_events_are_append_only BEFORE UPDATE ON contacts_consentevent FOR EACH ROW
WHEN (NEW.address <> '' OR (NEW.id, NEW.organization_id, NEW.contact_id, NEW.channel, NEW.address_key, NEW.what,
        NEW.closes, NEW.said_at, NEW.recorded_at)
    IS DISTINCT FROM (OLD.id, OLD.organization_id, OLD.contact_id, OLD.channel, OLD.address_key, OLD.what,
        OLD.closes, OLD.said_at, OLD.recorded_at)
    OR (NEW.source, NEW.evidence) IS DISTINCT FROM (OLD.source, OLD.evidence)
        AND current_setting('distributor.erasing', true) IS DISTINCT FROM 'on')
EXECUTE FUNCTION contacts_refuse_change_of_consent();
"""
APPEND_ONLY_BEFORE = """
DROP TRIGGER consent_events_are_append_only ON contacts_consentevent;
CREATE TRIGGER consent_events_are_append_only BEFORE UPDATE ON contacts_consentevent FOR EACH ROW
WHEN (NEW.address <> '' OR (NEW.id, NEW.organization_id, NEW.contact_id, NEW.channel, NEW.address_key, NEW.what,
        NEW.closes, NEW.source, NEW.evidence, NEW.said_at, NEW.recorded_at)
    IS DISTINCT FROM (OLD.id, OLD.organization_id, OLD.contact_id, OLD.channel, OLD.address_key, OLD.what,
        OLD.closes, OLD.source, OLD.evidence, OLD.said_at, OLD.recorded_at))
EXECUTE FUNCTION contacts_refuse_change_of_consent();
"""
# What erasures before this table left: the keys of the addresses that their contacts had.
KNOW_EARLIER_ERASURES = """
INSERT INTO contacts_erasedaddress (organization_id, address_key, erased_at)
SELECT DISTINCT ON (c.organization_id, f.address) c.organization_id, f.address, c.erased_at
FROM contacts_formeraddress f JOIN contacts_contact c ON c.id = f.contact_id
WHERE c.erased_at IS NOT NULL AND f.address LIKE 'sha256:%'
ORDER BY c.organization_id, f.address, c.erased_at
"""


class Migration(migrations.Migration):
    dependencies = [("contacts", "0013_members")]

    operations = [
        migrations.CreateModel(
            name="ErasedAddress",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("address_key", models.CharField(max_length=71)),
                ("erased_at", models.DateTimeField()),
                (
                    "organization",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="erased_addresses",
                        to="contacts.organization",
                    ),
                ),
            ],
            options={"verbose_name_plural": "erased addresses"},
        ),
        migrations.AddConstraint(
            model_name="erasedaddress",
            constraint=models.UniqueConstraint(
                fields=("organization", "address_key"), name="one_row_per_erased_address"
            ),
        ),
        migrations.RunSQL(APPEND_ONLY, APPEND_ONLY_BEFORE),
        migrations.RunSQL(KNOW_EARLIER_ERASURES, migrations.RunSQL.noop),
    ]
