"""What a call says about a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ContactGiven:
    """A contact as a call names it: by id, else by external id, else by e-mail; one of the three is given.

    "" and None mean: not given. The phone is E.164.
    """

    contact_id: UUID | None
    external_id: str | None
    email: str
    phone: str
    first_name: str
    last_name: str
    embedded_data: Mapping[str, Any]
