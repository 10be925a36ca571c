"""Translate the body's Duplication. Only this module knows the names that the dialect gives to a contact's fields."""

from collections.abc import Mapping, Sequence
from typing import Final

from distributor.api.dialects.recipient_add.wire import DuplicationWire
from distributor.rules.duplicates import ContactField, DataField, Duplication

USER_FIELDS: Final = tuple(f"user{number}" for number in range(1, 11))


def data_key(user_field: str) -> str:
    """Return the field's key in a contact's embedded data: `user3` → `User3`."""
    return user_field.capitalize()


_FIELDS: Final[Mapping[str, ContactField]] = {
    "tel": "phone",
    "email": "email",
    "firstname": "first_name",
    "lastname": "last_name",
    "title": "title",
    **{user_field: DataField(data_key(user_field)) for user_field in USER_FIELDS},
}
# The fields that may hold a date: a phone number and an e-mail address never do.
_DATE_FIELDS: Final = tuple(name for name in _FIELDS if name not in ("tel", "email"))


class InvalidDuplicationError(Exception):
    """The Duplication cannot be applied; `faults` say why."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(faults)
        self.faults = faults


def to_duplication(body: DuplicationWire) -> Duplication:
    """Translate the body's Duplication. Raises InvalidDuplicationError with every fault."""
    names = [name.strip().lower() for name in (body.fields_ or "").split(",") if name.strip()]
    date_name = (body.date or "").strip().lower()
    # The reference lists Date among the Fields, but a date cannot identify people.
    compared_names = list(dict.fromkeys(name for name in names if name != date_name))
    faults = [
        f"/Duplication/Fields: “{name}” is not one of {', '.join(_FIELDS)}." for name in names if name not in _FIELDS
    ]
    if date_name and date_name not in _DATE_FIELDS:
        faults.append(f"/Duplication/Date: “{date_name}” is not one of {', '.join(_DATE_FIELDS)}.")
    if not date_name and body.generate_date:
        faults.append("/Duplication/GenerateDate: GenerateDate needs Date, the field to write today's date to.")
    if not date_name and body.limit is not None:
        faults.append("/Duplication/Limit: Limit needs Date, the field with the day of the last contact.")
    if names and not compared_names:
        faults.append("/Duplication/Fields: Name at least one field other than the Date field.")
    if faults:
        raise InvalidDuplicationError(faults)
    return Duplication(
        fields=tuple(_FIELDS[name] for name in compared_names),
        date_field=_FIELDS[date_name] if date_name else None,
        limit_days=body.limit,
        writes_date=body.generate_date,
    )
