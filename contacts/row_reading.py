"""Rows of models from a statement of one's own, for what every call or batch reads: the ORM compiles a query each time.

cursor.execute(f"SELECT {columns_of(ApiKey, 'k')} FROM contacts_apikey k WHERE …")
key = read_row(ApiKey, cursor.fetchone())

cursor.execute(f"SELECT {columns_of(Step, 's')}, {columns_of(Pace, 'p')} FROM distributor_step s LEFT JOIN …")
step, pace = read_joined(cursor.fetchone(), Step, Pace)
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


def read_joined(values: Sequence[Any], *models: type[Model]) -> list[Any]:
    """Return a row of each model from a row of columns_of() of each. None where an outer join found none."""
    rows: list[Model | None] = []
    begin = 0
    for model in models:
        end = begin + len(model._meta.concrete_fields)
        own = values[begin:end]
        rows.append(None if all(value is None for value in own) else read_row(model, own))
        begin = end
    return rows


@cache
def _reading_of(model: type[Model]) -> tuple[list[str], list[tuple[int, Any, Any]]]:
    fields = model._meta.concrete_fields
    converters = [
        (place, field.cached_col, convert)
        for place, field in enumerate(fields)
        for convert in field.get_db_converters(connection)
    ]
    return [field.attname for field in fields], converters
