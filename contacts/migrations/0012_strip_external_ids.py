"""Strip the blanks around external ids. An id that another contact has without the blanks stays as it is."""

from django.db import migrations

_STRIP = """
UPDATE contacts_contact SET external_id = chosen.stripped FROM (
    SELECT DISTINCT ON (organization_id, stripped) id, stripped FROM (
        SELECT id, organization_id, btrim(external_id, E' \\t\\n\\r\\f\\v\\u00a0\\u200b\\ufeff') AS stripped, external_id
        FROM contacts_contact
        WHERE external_id <> btrim(external_id, E' \\t\\n\\r\\f\\v\\u00a0\\u200b\\ufeff')
    ) AS padded
    WHERE stripped <> '' AND NOT EXISTS (
        SELECT FROM contacts_contact other
        WHERE other.organization_id = padded.organization_id AND other.external_id = padded.stripped
    )
    ORDER BY organization_id, stripped, id
) AS chosen
WHERE contacts_contact.id = chosen.id
"""


class Migration(migrations.Migration):
    dependencies = [("contacts", "0011_number_rules")]
    operations = [migrations.RunSQL(_STRIP, migrations.RunSQL.noop)]
