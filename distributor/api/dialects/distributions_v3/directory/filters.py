"""The filter of a search: a comparison, or several joined by a conjunction."""

from typing import Annotated, Any, Final

from pydantic import Field, PlainValidator, TypeAdapter, ValidationError, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from contacts.phone_numbers import normalize_phone
from distributor.api.bodies.fields import DataFault, Email, Identifier
from distributor.api.wire import Body
from distributor.engine.queries.contact_search import AllOf, AnyOf, Condition, FieldIs, SearchedField

MAX_DEPTH: Final = 3
MAX_FILTERS: Final = 20
_FIELDS: Final = {
    "email": SearchedField.EMAIL,
    "phone": SearchedField.PHONE,
    "firstName": SearchedField.FIRST_NAME,
    "lastName": SearchedField.LAST_NAME,
    "language": SearchedField.LOCALE,
    "extRef": SearchedField.EXTERNAL_ID,
    "externalDataReference": SearchedField.EXTERNAL_ID,
}
_CONJUNCTIONS: Final = ("and", "or")
_EMAIL: Final = TypeAdapter(Email)
_IDENTIFIER: Final = TypeAdapter(Identifier)
_COMPARISON_KEYS: Final = ("filterType", "comparison", "value")
_CONJUNCTION_KEYS: Final = ("conjunction", "filters")
_COMPARISON: Final = {
    "type": "object",
    "required": [*_COMPARISON_KEYS],
    "additionalProperties": False,
    "properties": {
        "filterType": {"type": "string", "enum": [*_FIELDS]},
        "comparison": {"type": "string", "const": "eq"},
        "value": {"type": "string", "minLength": 1, "maxLength": 255},
    },
}


def _conjunction(inner: dict[str, Any]) -> dict[str, Any]:
    filters = {"type": "array", "minItems": 1, "maxItems": MAX_FILTERS, "items": inner}
    return {
        "type": "object",
        "required": [*_CONJUNCTION_KEYS],
        "additionalProperties": False,
        "properties": {"conjunction": {"type": "string", "enum": [*_CONJUNCTIONS]}, "filters": filters},
    }


_SCHEMA: Final = {"anyOf": [_COMPARISON, _conjunction({"anyOf": [_COMPARISON, _conjunction(_COMPARISON)]})]}


def _read(given: Any, info: ValidationInfo) -> Condition:
    reader = _Reader((info.context or {}).get("phone_region", ""))
    condition = reader.read(given, (), MAX_DEPTH)
    if reader.count > MAX_FILTERS:
        reader.faults.append(DataFault((), "too_long", f"At most {MAX_FILTERS} filters."))
    if reader.faults or condition is None:
        raise PydanticCustomError("invalid_data", "Not a filter.", {"faults": reader.faults[:100]})
    return condition


class _Reader:
    """Reads a filter of any shape, and collects what is wrong with it."""

    def __init__(self, phone_region: str) -> None:
        self.faults: list[DataFault] = []
        self.count = 0
        self._phone_region = phone_region

    def read(self, given: Any, path: tuple[str | int, ...], depth: int) -> Condition | None:
        """Return what a filter says; None if it has faults."""
        if not isinstance(given, dict):
            self._add(path, "dict_type", "Use an object.")
            return None
        is_joined = any(name in given for name in _CONJUNCTION_KEYS)
        names = _CONJUNCTION_KEYS if is_joined else _COMPARISON_KEYS
        for name in given.keys() - set(names):
            self._add((*path, name), "extra_forbidden", "Extra inputs are not permitted")
        missing = [name for name in names if name not in given]
        for name in missing:
            self._add((*path, name), "missing", "Field required")
        if missing:
            return None
        return self._read_joined(given, path, depth) if is_joined else self._read_comparison(given, path)

    def _read_joined(self, given: dict[str, Any], path: tuple[str | int, ...], depth: int) -> Condition | None:
        join, filters = given["conjunction"], given["filters"]
        if join not in _CONJUNCTIONS:
            self._add((*path, "conjunction"), "literal_error", 'Use "and" or "or".')
        if not isinstance(filters, list) or not filters:
            self._add((*path, "filters"), "list_type", "Use a list with at least one filter.")
            return None
        if depth == 1:
            self._add(path, "too_deep", f"Nested too deeply: at most {MAX_DEPTH} levels.")
            return None
        shown = filters[: MAX_FILTERS + 1]
        read = [self.read(inner, (*path, "filters", place), depth - 1) for place, inner in enumerate(shown)]
        parts = [part for part in read if part is not None]
        if self.faults:
            return None
        return AllOf(parts) if join == "and" else AnyOf(parts)

    def _read_comparison(self, given: dict[str, Any], path: tuple[str | int, ...]) -> Condition | None:
        self.count += 1
        name, value = given["filterType"], given["value"]
        field = _FIELDS.get(name) if isinstance(name, str) else None
        if field is None:
            self._add((*path, "filterType"), "literal_error", f"Use one of {', '.join(_FIELDS)}.")
        if given["comparison"] != "eq":
            self._add((*path, "comparison"), "literal_error", 'Use "eq": values are only compared as a whole.')
        if not isinstance(value, str) or not value.strip() or len(value) > 255:
            self._add((*path, "value"), "string_type", "Use a text with 1 to 255 characters.")
        return None if self.faults or field is None else FieldIs(field, self._spell(field, value))

    def _spell(self, field: SearchedField, value: str) -> str:
        """Return a value as contacts have it. What can be no address is left as it is, and finds nobody."""
        if field is SearchedField.PHONE:
            return normalize_phone(value, self._phone_region) or value
        if field not in (SearchedField.EMAIL, SearchedField.EXTERNAL_ID):
            return value.strip()
        try:
            return (_EMAIL if field is SearchedField.EMAIL else _IDENTIFIER).validate_python(value)
        except ValidationError:
            return value

    def _add(self, path: tuple[str | int, ...], code: str, text: str) -> None:
        self.faults.append(DataFault(path, code, text))


ContactFilter = Annotated[Any, PlainValidator(_read), WithJsonSchema(_SCHEMA)]


class ContactSearchBody(Body):
    """What the contacts that are searched for have in common."""

    filter: ContactFilter = Field(
        description="A comparison (`filterType`, `comparison`, `value`), or several: a `conjunction` and its "
        f"`filters`. At most {MAX_FILTERS} comparisons in {MAX_DEPTH} levels. Letter case counts for extRef only.",
        examples=[{"filterType": "email", "comparison": "eq", "value": "ann@example.com"}],
    )
