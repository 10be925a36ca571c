"""Insert rows of several tables in one statement.

A statement is a round trip, and through the ORM it is compiled each time: four single inserts were a quarter of the
processor time of a call that sends to one person. Each table's rows are one JSON parameter, so that the statement is
the same for any number of rows, and stays prepared.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import orjson
from django.db import connection
from django.db.models import NOT_PROVIDED, Field, Model
from django.db.models.expressions import DatabaseDefault


def insert_together(*tables: Sequence[Model], last: str = "", last_parameters: Sequence[Any] = ()) -> None:
    """Insert the rows of each table, given in an order that their references allow. Rows have their ids already.

    `last` is SQL that goes on in the same statement, for rows whose ids the database chooses: `name AS (…) INSERT …`.
    Then there must be a row before it. Signals are not sent, as by bulk_create().
    """
    filled = [rows for rows in tables if rows]
    if not filled:
        return
    parameters = [_as_json(rows) for rows in filled]
    with connection.cursor() as cursor:
        cursor.execute(_statement(last, *(type(rows[0]) for rows in filled)), [*parameters, *last_parameters])
    for row in (row for rows in filled for row in rows):
        row._state.adding, row._state.db = False, connection.alias


def _as_json(rows: Sequence[Model]) -> str:
    plain, chosen = _columns(type(rows[0]))
    return orjson.dumps(
        [
            {column: getattr(row, attribute) for column, attribute in plain}
            | {field.column: _value_of(field, row) for field in chosen}
            for row in rows
        ]
    ).decode()


@cache
def _columns(model: type[Model]) -> tuple[Sequence[tuple[str, str]], Sequence["Field[Any, Any]"]]:
    """Return columns with the attributes that have their values, and fields that choose a value when a row is saved.

    Nearly all are of the first kind: asking each field for its value took 5 % of a call that sends to one person.
    """
    plain, chosen = [], []
    for field in model._meta.concrete_fields:
        if type(field).pre_save is Field.pre_save and field.db_default is NOT_PROVIDED:
            plain.append((str(field.column), field.attname))
        else:
            chosen.append(field)
    return plain, chosen


def _value_of(field: "Field[Any, Any]", row: Model) -> Any:
    value = field.pre_save(row, add=True)
    if isinstance(value, DatabaseDefault):
        value = field.db_default
        setattr(row, field.attname, value)
    return value


@cache
def _statement(last: str, *models: type[Model]) -> str:
    inserts = [_insert_into(model) for model in models]
    end = f", {last}" if last else f" {inserts.pop()}"
    parts = ", ".join(f"rows_{number} AS ({insert})" for number, insert in enumerate(inserts))
    return f"WITH {parts}{end}" if parts else end


def _insert_into(model: type[Model]) -> str:
    meta = model._meta
    if meta.auto_field is not None:
        raise TypeError(f"the database chooses the ids of {model.__name__}")
    columns = ", ".join(f'"{field.column}"' for field in meta.concrete_fields)
    return (
        f'INSERT INTO "{meta.db_table}" ({columns})'  # noqa: S608  # the models' own names
        f' SELECT {columns} FROM json_populate_recordset(NULL::"{meta.db_table}", %s::json)'
    )
