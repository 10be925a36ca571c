"""Where in the database a word stands: every text, JSON and binary column of every table is searched."""

from collections.abc import Iterator

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models

_TEXTS = (models.CharField, models.TextField, models.JSONField, models.BinaryField, ArrayField)


def text_columns() -> Iterator[tuple[str, str, bool]]:
    """Yield each (table, column, whether it is binary) of all models."""
    for model in apps.get_models(include_auto_created=True):
        if model._meta.proxy:
            continue
        for field in model._meta.concrete_fields:
            if isinstance(field, _TEXTS):
                yield model._meta.db_table, str(field.column), isinstance(field, models.BinaryField)


def traces(*words: str) -> dict[str, int]:
    """Return how many rows hold one of the words, in any letter case, by `table.column`."""
    patterns = [f"%{word.lower()}%" for word in words]
    found = {}
    with connection.cursor() as cursor:
        for table, column, is_binary in text_columns():
            text = f"encode(\"{column}\", 'escape')" if is_binary else f'"{column}"::text'
            cursor.execute(f'SELECT count(*) FROM "{table}" WHERE lower({text}) LIKE ANY(%s)', [patterns])
            if count := cursor.fetchone()[0]:
                found[f"{table}.{column}"] = count
    return found
