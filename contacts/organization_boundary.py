"""Constraints that keep the rows of organisations apart, whatever the code asks for (decision 42).

They stand in the models' Meta.constraints. Ids that lead nowhere are not their concern: that is for foreign keys.
"""

from collections.abc import Sequence
from typing import Any, Final

from django.db import models


class _Boundary(models.BaseConstraint):
    """What the boundaries share. Forms tell people of a crossing in clean(); the database has the last word."""

    def constraint_sql(self, model: Any, schema_editor: Any) -> str:
        """Return nothing for the table itself: wait until those are there that it refers to."""
        schema_editor.deferred_sql.append(self.create_sql(model, schema_editor))
        return ""

    def create_sql(self, model: Any, schema_editor: Any) -> str:
        raise NotImplementedError

    def validate(self, *_: Any, **__: Any) -> None:
        """Ask nothing: one more query per form would find what clean() and the database find."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Boundary) and self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash(self.name)


class SameOrganizationKey(_Boundary):
    """A composite foreign key: the row that `field` names is of this row's organisation.

    The field itself has no constraint in the database (`db_constraint=False`), because this one is stricter. The model
    that it names needs an OrganizationKey.
    """

    def __init__(self, *, field: str, name: str) -> None:
        super().__init__(name=name)
        self.field = field

    def create_sql(self, model: Any, schema_editor: Any) -> str:
        field: Any = model._meta.get_field(self.field)
        child, parent = model._meta.db_table, field.related_model._meta.db_table
        return (
            f'ALTER TABLE "{child}" ADD CONSTRAINT "{self.name}" FOREIGN KEY ("{field.column}", "organization_id")'
            f' REFERENCES "{parent}" ("id", "organization_id") DEFERRABLE INITIALLY DEFERRED'
        )

    def remove_sql(self, model: Any, schema_editor: Any) -> str:
        return f'ALTER TABLE "{model._meta.db_table}" DROP CONSTRAINT "{self.name}"'

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        path, _, keywords = super().deconstruct()
        return path, (), {**keywords, "field": self.field}


class OrganizationKey(models.UniqueConstraint):
    """The key that composite foreign keys refer to: the id with the organisation."""

    def __init__(self, *, name: str, fields: Sequence[str] = ("id", "organization")) -> None:
        super().__init__(fields=tuple(fields), name=name)

    def validate(self, *_: Any, **__: Any) -> None:
        """Ask nothing: the id alone is unique."""


class _Trigger(_Boundary):
    """A boundary that is a trigger with a function of the same name."""

    def remove_sql(self, model: Any, schema_editor: Any) -> str:
        return f'DROP FUNCTION "{self.name}"() CASCADE'  # with its triggers


class KeepsOrganization(_Trigger):
    """A row stays with its organisation for good, because others refer to it."""

    def create_sql(self, model: Any, schema_editor: Any) -> str:
        return _KEEP.format(name=self.name, table=model._meta.db_table)


class SameOrganization(_Trigger):
    """What the references of a row lead to is all of one organisation. For rows that do not name it themselves.

    Each path leads over foreign keys to a row with an organisation: "template", or "step__distribution".
    "organization" is the row's own. An insert is checked once for all its rows; an update only if it changes a
    reference.
    """

    def __init__(self, *, paths: Sequence[str], name: str) -> None:
        super().__init__(name=name)
        self.paths = tuple(paths)

    def create_sql(self, model: Any, schema_editor: Any) -> str:
        columns = [_column_of(model, path) for path in self.paths]
        return _COMPARE.format(
            name=self.name,
            table=model._meta.db_table,
            inserted=self.crossing_sql(model, "new_rows"),
            updated=self.crossing_sql(model, "(SELECT NEW.*)"),
            columns=", ".join(f'"{column}"' for column in columns),
            before=", ".join(f'OLD."{column}"' for column in columns),
            after=", ".join(f'NEW."{column}"' for column in columns),
        )

    def crossing_sql(self, model: type[models.Model], rows: str) -> str:
        """Return FROM and WHERE that find the rows between two organisations, among `rows`."""
        joins, organizations = "", []
        for number, path in enumerate(self.paths):
            joined, organization = _join(model, path, f"p{number}")
            joins += joined
            organizations.append(organization)
        first, *others = organizations
        return f"FROM {rows} AS child{joins} WHERE " + " OR ".join(f"{first} <> {other}" for other in others)

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        path, _, keywords = super().deconstruct()
        return path, (), {**keywords, "paths": self.paths}


_REFUSE: Final = """RAISE 'Rows of two organisations in %: {name}', TG_TABLE_NAME
        USING ERRCODE = 'check_violation', CONSTRAINT = '{name}', TABLE = TG_TABLE_NAME;"""
_KEEP: Final = f"""
CREATE FUNCTION "{{name}}"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {_REFUSE}
END $$;
CREATE TRIGGER "{{name}}" BEFORE UPDATE OF "organization_id" ON "{{table}}" FOR EACH ROW
WHEN (OLD."organization_id" IS DISTINCT FROM NEW."organization_id") EXECUTE FUNCTION "{{name}}"();
"""
# `new_rows` is there in the trigger of a statement only; plpgsql looks at a query when it is first run. Looking up each
# row by its key costs the same however large the tables grow. A plan made while they were small, or before their first
# ANALYZE, would read them whole: once for each of 100,000 members of a list, which took more than eight minutes.
_COMPARE: Final = f"""
CREATE FUNCTION "{{name}}"() RETURNS trigger LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
DECLARE
    is_crossed boolean;
BEGIN
    IF TG_LEVEL = 'STATEMENT' THEN
        is_crossed := EXISTS (SELECT {{inserted}});
    ELSE
        is_crossed := EXISTS (SELECT {{updated}});
    END IF;
    IF is_crossed THEN
        {_REFUSE}
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER "{{name}}_inserted" AFTER INSERT ON "{{table}}" REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION "{{name}}"();
CREATE TRIGGER "{{name}}_updated" AFTER UPDATE OF {{columns}} ON "{{table}}" FOR EACH ROW
WHEN (({{before}}) IS DISTINCT FROM ({{after}})) EXECUTE FUNCTION "{{name}}"();
"""  # noqa: S608  the names are those of our own models


def _column_of(model: type[models.Model], path: str) -> str:
    """Return the row's own column in which a path begins."""
    name = path.partition("__")[0]
    if name == "organization":
        return "organization_id"
    field: Any = model._meta.get_field(name)
    return str(field.column)


def _join(model: type[models.Model], path: str, prefix: str) -> tuple[str, str]:
    """Return the joins along a path, with aliases that begin with `prefix`, and the column with the organisation."""
    joins, alias, owner = "", "child", model
    if path == "organization":
        return joins, 'child."organization_id"'
    for number, name in enumerate(path.split("__")):
        field: Any = owner._meta.get_field(name)
        owner, before, alias = field.related_model, alias, f"{prefix}_{number}"
        table, key = owner._meta.db_table, owner._meta.pk.column
        joins += f' LEFT JOIN "{table}" AS {alias} ON {alias}."{key}" = {before}."{field.column}"'
    return joins, f'{alias}."organization_id"'
