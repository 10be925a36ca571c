"""Keep the texts that messages may have been sent with, and refuse changes of a template's versions."""

from django.db import migrations

_KEY = """
encode(substring(sha256(
    convert_to(v.template_id::text, 'UTF8') || '\\x00'::bytea || convert_to(v.locale, 'UTF8') || '\\x00'::bytea
    || convert_to(v.subject, 'UTF8') || '\\x00'::bytea || convert_to(v.html, 'UTF8') || '\\x00'::bytea
    || convert_to(v.text, 'UTF8')
) FROM 1 FOR 16), 'hex')::uuid
"""
_COLUMNS = "key, template_id, locale, subject, html, text, kept_at"
_VALUES = f"{_KEY}, v.template_id, v.locale, v.subject, v.html, v.text, now()"
_KEEP_TEXTS = f"""
CREATE OR REPLACE FUNCTION channels_keep_text() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE v channels_templatevariant := NEW;
BEGIN
    INSERT INTO channels_kepttext ({_COLUMNS}) SELECT {_VALUES} ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER keep_text AFTER INSERT OR UPDATE ON channels_templatevariant
    FOR EACH ROW EXECUTE FUNCTION channels_keep_text();
"""
_KEEP_NO_TEXTS = "DROP TRIGGER keep_text ON channels_templatevariant; DROP FUNCTION channels_keep_text();"

_NEVER_CHANGED = """
CREATE OR REPLACE FUNCTION channels_keep_template_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a version of a template is never changed' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE OR REPLACE TRIGGER a_template_version_is_never_changed BEFORE UPDATE ON channels_templateversion
FOR EACH ROW EXECUTE FUNCTION channels_keep_template_version();
"""
_CHANGEABLE = "DROP FUNCTION channels_keep_template_version() CASCADE"  # with its trigger


class Migration(migrations.Migration):
    dependencies = [("channels", "0001_initial")]

    operations = [
        migrations.RunSQL(_KEEP_TEXTS, _KEEP_NO_TEXTS),
        migrations.RunSQL(_NEVER_CHANGED, _CHANGEABLE),
    ]
