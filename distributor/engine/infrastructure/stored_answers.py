"""Stored answers of calls with an Idempotency-Key: which name a person, and what they say of them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL

from distributor.models import IdempotencyKey

# The bytes are searched first, because few answers name the person and parsing them all would take minutes.
_NAMES_ANY = """
EXISTS (
    SELECT FROM unnest(%s::text[]) AS word
    WHERE position(lower(word) IN lower(key)) > 0 OR position(lower(word) IN lower(convert_from(body, 'UTF8'))) > 0
)
"""


def find_stored_answers(organization_id: UUID, words: Sequence[str]) -> QuerySet[IdempotencyKey]:
    """Return the organisation's stored answers with any of these words in the body or the key, in any letter case."""
    answers = IdempotencyKey.objects.filter(api_key__organization_id=organization_id)
    names_any = RawSQL(_NAMES_ANY, [list(words)], BooleanField())  # noqa: S611  a constant
    return answers.filter(names_any) if words else answers.none()


def parts_about(body: bytes, words: Collection[str]) -> list[Mapping[str, Any]]:
    """Return the innermost objects of an answer with a value that is one of these words, in any letter case."""
    try:
        content = orjson.loads(body)
    except ValueError:
        return []
    return list(_parts(content, {word.lower() for word in words}))


def _parts(content: Any, words: Collection[str]) -> Iterator[Mapping[str, Any]]:
    if isinstance(content, list):
        for item in content:
            yield from _parts(item, words)
    elif isinstance(content, dict):
        inner = [part for value in content.values() for part in _parts(value, words)]
        yield from inner
        if not inner and any(isinstance(value, str) and value.lower() in words for value in content.values()):
            yield content
