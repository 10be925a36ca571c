"""Triggers, and room on the page for a merge, so that the new row version lands beside the old one (HOT)."""

from django.db import migrations

# An AFTER trigger whose WHEN is false costs a comparison: nothing is queued.
REMEMBER_FORMER_ADDRESSES = """
CREATE OR REPLACE FUNCTION contacts_remember_former_addresses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.email <> '' AND lower(OLD.email) <> lower(NEW.email) THEN
        INSERT INTO contacts_formeraddress (contact_id, channel, address, replaced_at)
        VALUES (OLD.id, 'email', lower(OLD.email), NEW.updated_at);
    END IF;
    IF OLD.phone <> '' AND OLD.phone <> NEW.phone THEN
        INSERT INTO contacts_formeraddress (contact_id, channel, address, replaced_at)
        VALUES (OLD.id, 'sms', OLD.phone, NEW.updated_at);
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER remember_former_addresses AFTER UPDATE OF email, phone ON contacts_contact FOR EACH ROW
WHEN (NEW.erased_at IS NULL AND (OLD.email <> NEW.email OR OLD.phone <> NEW.phone))
EXECUTE FUNCTION contacts_remember_former_addresses();
"""
FORGET_FORMER_ADDRESSES = """
DROP TRIGGER remember_former_addresses ON contacts_contact;
DROP FUNCTION contacts_remember_former_addresses();
"""
# An erasure empties the address, and may take a name out of the source and the evidence. Nothing else ever changes.
REFUSE_CHANGES = """
CREATE OR REPLACE FUNCTION contacts_refuse_change_of_consent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'consent events are never changed' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE OR REPLACE TRIGGER consent_events_are_append_only BEFORE UPDATE ON contacts_consentevent FOR EACH ROW
WHEN (NEW.address <> '' OR (NEW.id, NEW.organization_id, NEW.contact_id, NEW.channel, NEW.address_key, NEW.what,
        NEW.closes, NEW.said_at, NEW.recorded_at)
    IS DISTINCT FROM (OLD.id, OLD.organization_id, OLD.contact_id, OLD.channel, OLD.address_key, OLD.what,
        OLD.closes, OLD.said_at, OLD.recorded_at)
    OR (NEW.source, NEW.evidence) IS DISTINCT FROM (OLD.source, OLD.evidence)
        AND current_setting('distributor.erasing', true) IS DISTINCT FROM 'on')
EXECUTE FUNCTION contacts_refuse_change_of_consent();
"""
ALLOW_CHANGES = """
DROP TRIGGER consent_events_are_append_only ON contacts_consentevent;
DROP FUNCTION contacts_refuse_change_of_consent();
"""


class Migration(migrations.Migration):
    dependencies = [("contacts", "0001_initial")]

    operations = [
        migrations.RunSQL(REMEMBER_FORMER_ADDRESSES, FORGET_FORMER_ADDRESSES),
        migrations.RunSQL(REFUSE_CHANGES, ALLOW_CHANGES),
        # 60,000 merges into 100,000 rows: 88 % HOT at 100, all of them at 80.
        migrations.RunSQL(
            "ALTER TABLE contacts_contact SET (fillfactor = 80)", "ALTER TABLE contacts_contact RESET (fillfactor)"
        ),
    ]
