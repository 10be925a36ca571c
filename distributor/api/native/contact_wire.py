"""What is said of a contact, and what is answered."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, Field

from contacts.models import Contact
from distributor.api.fields import EmbeddedData, Identifier, Phone
from distributor.api.native.shapes import (
    Body,
    Document,
    EmailOrNone,
    Line,
    LocaleOrNone,
    NoneIfBlank,
    TimeZoneOrNone,
)


def none_if_blank(external_id: str | None) -> str | None:
    """An export pads a missing id with blanks, and all such people would become one."""
    return external_id if external_id and not external_id.isspace() else None


class ContactBody(Body):
    """A person: found by externalId, else by email, and made or merged. What is not given stays."""

    external_id: Annotated[Identifier | None, AfterValidator(none_if_blank)] = None
    email: EmailOrNone = ""
    phone: Annotated[Phone | None, AfterValidator(lambda phone: phone or "")] = Field(
        "", description="Stored in E.164; without a country code it is read in the organisation's region."
    )
    first_name: Line = ""
    last_name: Line = ""
    title: Line = ""
    locale: LocaleOrNone = Field("", description="BCP 47.")
    time_zone: TimeZoneOrNone = Field("", description="IANA, such as Europe/Warsaw.")
    embedded_data: EmbeddedData | None = Field(None, description="Merged key by key.")


class ContactChanges(ContactBody):
    """What to change. null clears a field, and all of embeddedData; an externalId, an email or a phone remains."""


class ContactDocument(Document):
    id: UUID
    external_id: str | None
    email: NoneIfBlank
    phone: NoneIfBlank
    first_name: NoneIfBlank
    last_name: NoneIfBlank
    title: NoneIfBlank
    locale: NoneIfBlank
    time_zone: NoneIfBlank
    embedded_data: dict[str, Any]
    opted_out_at: datetime | None
    created_at: datetime
    updated_at: datetime


class ContactPage(Document):
    """Newest first."""

    items: list[ContactDocument]
    next_cursor: str | None


def render_contact(contact: Contact) -> dict[str, Any]:
    return ContactDocument.model_validate(contact).model_dump(by_alias=True)
