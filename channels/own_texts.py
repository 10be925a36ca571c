"""Templates that sends make of their own texts, each kept once for all sends with the same (decision 62)."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final
from uuid import UUID

import orjson
from django.db import connection

from channels.models import Template, TemplateVariant
from contacts.ids import new_id
from contacts.models import Organization

NAME: Final = "A send's own text"
# The lock keeps it from being erased or deleted until the send is written, and lets other sends take it.
_FIND: Final = """
SELECT id FROM channels_template WHERE organization_id = %s AND channel = %s AND text_key = %s FOR KEY SHARE
"""


def keep_own_text(organization: Organization, channel: str, variants: Mapping[str, Mapping[str, str]]) -> UUID:
    """Return the id of the automatic template with these texts by locale. Call it in the transaction of the send.

    Of sends that bring a new text at the same time one writes it, and the others wait for its transaction.
    """
    key = _key_of(variants)
    if (found := _find(organization, channel, key)) is not None:
        return found
    made = Template(id=new_id(), organization=organization, name=NAME, channel=channel, text_key=key)
    Template.with_automatic.bulk_create([made], ignore_conflicts=True)
    found = _find(organization, channel, key)
    if found == made.pk:
        TemplateVariant.objects.bulk_create(
            TemplateVariant(template=made, locale=locale, **texts) for locale, texts in variants.items()
        )
    if found is None:
        raise Template.DoesNotExist  # the one with the same text was erased at this moment
    return found


def _find(organization: Organization, channel: str, key: UUID) -> UUID | None:
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [organization.pk, channel, key])
        row = cursor.fetchone()
    return None if row is None else row[0]


def _key_of(variants: Mapping[str, Mapping[str, str]]) -> UUID:
    texts = orjson.dumps({locale: dict(parts) for locale, parts in variants.items()}, option=orjson.OPT_SORT_KEYS)
    return UUID(bytes=sha256(texts).digest()[:16])
