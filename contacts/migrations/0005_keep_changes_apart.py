"""Move the time of a contact's last change into a table of its own, which triggers write (decision 67).

Contacts cannot be written while a row is made for each of them.
"""

import django.db.models.deletion
from django.db import migrations, models

# An AFTER trigger whose WHEN is false costs a comparison: nothing is queued. One for all rows of an update would take
# as long, and its plan would be the one that suited the table when the connection first used it.
KEEP_CHANGES = """
CREATE FUNCTION contacts_keep_new_contacts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO contacts_contactchange (contact_id, organization_id, changed_at)
    SELECT id, organization_id, updated_at FROM new_contacts;
    RETURN NULL;
END $$;
CREATE FUNCTION contacts_keep_last_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE contacts_contactchange SET changed_at = NEW.updated_at WHERE contact_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER keep_new_contacts AFTER INSERT ON contacts_contact REFERENCING NEW TABLE AS new_contacts
FOR EACH STATEMENT EXECUTE FUNCTION contacts_keep_new_contacts();
CREATE TRIGGER keep_last_change AFTER UPDATE ON contacts_contact FOR EACH ROW
WHEN (OLD.updated_at <> NEW.updated_at) EXECUTE FUNCTION contacts_keep_last_change();
INSERT INTO contacts_contactchange (contact_id, organization_id, changed_at)
SELECT id, organization_id, updated_at FROM contacts_contact ORDER BY updated_at;
"""
FORGET_CHANGES = """
DROP TRIGGER keep_new_contacts ON contacts_contact;
DROP TRIGGER keep_last_change ON contacts_contact;
DROP FUNCTION contacts_keep_new_contacts();
DROP FUNCTION contacts_keep_last_change();
"""


class Migration(migrations.Migration):
    dependencies = [("contacts", "0004_say_when_attempts_leave")]

    operations = [
        migrations.RemoveIndex(model_name="contact", name="contacts_by_change"),
        migrations.CreateModel(
            name="ContactChange",
            fields=[
                (
                    "contact",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="last_change",
                        serialize=False,
                        to="contacts.contact",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="contacts.organization",
                    ),
                ),
                ("changed_at", models.DateTimeField()),
            ],
        ),
        migrations.RunSQL(KEEP_CHANGES, FORGET_CHANGES),
        migrations.AddIndex(
            model_name="contactchange",
            index=models.Index(fields=["organization", "changed_at", "contact"], name="contacts_by_change"),
        ),
    ]
