"""What is said of a contact, and what is answered."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, StringConstraints

from contacts.models import Contact
from distributor.api.dialects.distributions_v3.distributions.element import epoch_milliseconds
from distributor.api.dialects.distributions_v3.envelope import Element
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.dialects.distributions_v3.wire import Body
from distributor.api.fields import Email, EmbeddedData, Identifier, Line255, Phone

_COLUMNS: Final = {"ext_ref": "external_id", "language": "locale"}


def _text(value: str | None) -> str:
    return value or ""


def _none_if_blank(reference: str | None) -> str | None:
    """An export pads a missing reference with blanks, and all such people would become one."""
    return reference if reference and not reference.isspace() else None


_TEXT = AfterValidator(_text)
# As published clients write it: EN, pl, zh-CN, ZH-S.
_Language = Annotated[str, StringConstraints(max_length=35, pattern=r"^([A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*)?$")]


class MailingListContactBody(Body):
    """A person: found by extRef, else by email, else by phone, and made or merged. What is not given stays."""

    first_name: Annotated[Line255 | None, _TEXT] = ""
    last_name: Annotated[Line255 | None, _TEXT] = ""
    email: Annotated[Email | None, _TEXT] = ""
    phone: Annotated[Phone | None, _TEXT] = Field(
        "", description="Stored in E.164; without a country code it is read in the organisation's region."
    )
    ext_ref: Annotated[Identifier | None, AfterValidator(_none_if_blank)] = None
    embedded_data: EmbeddedData | None = Field(None, description="Merged key by key.")
    language: Annotated[_Language | None, _TEXT] = ""
    unsubscribed: bool | None = Field(None, description="true: is written to no more, on any channel.")

    def columns(self) -> Mapping[str, Any]:
        """What was given, by the columns of a contact."""
        said = {name: getattr(self, name) for name in self.model_fields_set if name != "unsubscribed"}
        return {_COLUMNS.get(name, name): value for name, value in said.items()}


class ContactMade(Element):
    """The contact that was made, or that was merged into."""

    id: str = Field(pattern=Kind.CONTACT.pattern)
    contact_lookup_id: str = Field(pattern=Kind.CONTACT_LOOKUP.pattern)


class ContactElement(Element):
    contact_id: str = Field(pattern=Kind.CONTACT.pattern)
    contact_lookup_id: str = Field(pattern=Kind.CONTACT_LOOKUP.pattern)
    first_name: str | None
    last_name: str | None
    email: str | None
    phone: str | None
    ext_ref: str | None
    language: str | None
    embedded_data: dict[str, Any]
    unsubscribed: bool
    creation_date: int
    last_modified: int


def render_contact(contact: Contact) -> dict[str, Any]:
    return ContactElement(
        contact_id=public_id(Kind.CONTACT, contact.pk),
        contact_lookup_id=public_id(Kind.CONTACT_LOOKUP, contact.pk),
        first_name=contact.first_name or None,
        last_name=contact.last_name or None,
        email=contact.email or None,
        phone=contact.phone or None,
        ext_ref=contact.external_id,
        language=contact.locale or None,
        embedded_data=contact.embedded_data,
        unsubscribed=contact.opted_out_at is not None,
        creation_date=epoch_milliseconds(contact.created_at),
        last_modified=epoch_milliseconds(contact.updated_at),
    ).rendered()
