"""Rows of models from a statement of one's own, for what every call reads: the ORM compiles a query each time.

cursor.execute(f"SELECT {columns_of(ApiKey, 'k')} FROM contacts_apikey k WHERE …")
key = read_row(ApiKey, cursor.fetchone())
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model

ModelT = TypeVar("ModelT", bound=Model)


@cache
def columns_of(model: type[Model], alias: str) -> str:
    """Return all columns of a model's table, in the order that read_row() needs."""
    return ", ".join(f'{alias}."{field.column}"' for field in model._meta.concrete_fields)


def read_row(model: type[ModelT], values: Sequence[Any]) -> ModelT:
    """Return the row with these values of columns_of()."""
    names, converters = _reading_of(model)
    converted = list(values)
    for place, field, convert in converters:
        converted[place] = convert(converted[place], field, connection)
    return model.from_db(connection.alias, names, converted)


@cache
def _reading_of(model: type[Model]) -> tuple[list[str], list[tuple[int, Any, Any]]]:
    fields = model._meta.concrete_fields
    converters = [
        (place, field.cached_col, convert)
        for place, field in enumerate(fields)
        for convert in field.get_db_converters(connection)
    ]
    return [field.attname for field in fields], converters
