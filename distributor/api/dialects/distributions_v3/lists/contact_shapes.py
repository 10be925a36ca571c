"""Contacts as the dialect reads and writes them."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, StringConstraints

from contacts.models import Contact
from distributor.api.bodies.fields import Email, EmbeddedData, Identifier, Line255, Phone
from distributor.api.dialects.distributions_v3.documentation import id_field
from distributor.api.dialects.distributions_v3.envelope import Element
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.dialects.distributions_v3.timestamps import (
    epoch_milliseconds,
    epoch_milliseconds_or_none,
)
from distributor.api.wire import Body

_COLUMNS: Final = {"ext_ref": "external_id", "language": "locale"}


def _blank_if_none(value: str | None) -> str:
    return value or ""


def _none_if_blank(reference: str | None) -> str | None:
    """Treat a reference of spaces as absent: exports pad missing ones, and all those people would be one contact."""
    return reference if reference and not reference.isspace() else None


_BLANK_IF_NONE = AfterValidator(_blank_if_none)
# As published clients write it: EN, pl, zh-CN, ZH-S.
_Language = Annotated[str, StringConstraints(max_length=35, pattern=r"^([A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*)?$")]


ExtRef = Annotated[Identifier | None, AfterValidator(_none_if_blank)]


class MailingListContactBody(Body):
    """A contact to create or change. Needs an extRef, email or phone. Fields that are left out are not changed."""

    first_name: Annotated[Line255 | None, _BLANK_IF_NONE] = Field("", description="First name.", examples=["Ann"])
    last_name: Annotated[Line255 | None, _BLANK_IF_NONE] = Field("", description="Last name.", examples=["Ono"])
    email: Annotated[Email | None, _BLANK_IF_NONE] = Field(
        "", description="E-mail address.", examples=["ann@example.com"]
    )
    phone: Annotated[Phone | None, _BLANK_IF_NONE] = Field(
        "",
        description="Phone number, saved in E.164. A number without a country code is read in the organisation's phone "
        "region.",
        examples=["+48601000001"],
    )
    ext_ref: ExtRef = Field(None, description="The contact's id in your system.", examples=["PAT-1"])
    embedded_data: EmbeddedData | None = Field(
        None, description="Data of your own, merged into the contact's key by key.", examples=[{"ward": "B"}]
    )
    language: Annotated[_Language | None, _BLANK_IF_NONE] = Field(
        "", description="Language of the contact.", examples=["pl"]
    )
    unsubscribed: bool | None = Field(
        None,
        description="`true` opts the contact out of all messages. `false` changes nothing: clients send it for "
        "every contact, and what a person said is lifted by the person only.",
        examples=[False],
    )

    def columns(self) -> Mapping[str, Any]:
        """Return the given values by the names of a contact's columns."""
        values = {name: getattr(self, name) for name in self.model_fields_set if name != "unsubscribed"}
        return {_COLUMNS.get(name, name): value for name, value in values.items()}


class ContactMade(Element):
    """The contact that was created or changed."""

    id: str = id_field(Kind.CONTACT, "Id of the contact.")
    contact_lookup_id: str = id_field(Kind.CONTACT_LOOKUP, "Second id of the same contact.")


class ContactElement(Element):
    """A contact."""

    contact_id: str = id_field(Kind.CONTACT, "Id of the contact.")
    contact_lookup_id: str = id_field(Kind.CONTACT_LOOKUP, "Second id of the same contact.")
    first_name: str | None = Field(description="First name.", examples=["Ann"])
    last_name: str | None = Field(description="Last name.", examples=["Ono"])
    email: str | None = Field(description="E-mail address.", examples=["ann@example.com"])
    phone: str | None = Field(description="Phone number in E.164.", examples=["+48601000001"])
    ext_ref: str | None = Field(description="The contact's id in your system.", examples=["PAT-1"])
    language: str | None = Field(description="Language of the contact.", examples=["pl"])
    embedded_data: dict[str, Any] = Field(description="Data of your own.", examples=[{"ward": "B"}])
    unsubscribed: bool = Field(description="Whether the contact has opted out.", examples=[False])
    mailing_list_unsubscribed: bool = Field(
        description="The same as `unsubscribed`: an opt-out is of all lists.", examples=[False]
    )
    mailing_list_unsubscribe_date: int | None = Field(
        description="When the contact opted out, in milliseconds since 1970. Null if the contact has not.",
        examples=[1772701200000],
    )
    creation_date: int = Field(
        description="When the contact was created, in milliseconds since 1970.", examples=[1772701200000]
    )
    last_modified: int = Field(
        description="When the contact was last changed, in milliseconds since 1970.", examples=[1772701200000]
    )


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
        mailing_list_unsubscribed=contact.opted_out_at is not None,
        mailing_list_unsubscribe_date=epoch_milliseconds_or_none(contact.opted_out_at),
        creation_date=epoch_milliseconds(contact.created_at),
        last_modified=epoch_milliseconds(contact.updated_at),
    ).render()
