"""Bodies and answers of the contact calls."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from contacts.models import Contact
from distributor.api.bodies.fields import (
    EmailOrNone,
    EmbeddedData,
    ExternalIdOrNone,
    LanguageTagOrNone,
    Line,
    Line255,
    NullIfBlank,
    PhoneOrNone,
    TimeZoneOrNone,
)
from distributor.api.native.list_queries import Changed, UpdatedUntil
from distributor.api.wire import Body, Document, Page


class ContactBody(Body):
    """A contact. It is found by its externalId, otherwise by its email, and created or merged.

    Fields that are not given stay as they are.
    """

    external_id: ExternalIdOrNone = Field(
        None, description="The contact's id in your system, unique in the organisation.", examples=["PAT-1"]
    )
    email: EmailOrNone = Field("", description="E-mail address.", examples=["ann@example.com"])
    phone: PhoneOrNone = Field(
        "",
        description="Phone number, stored in E.164. Without a country code it is read as a number of the "
        "organisation's country.",
        examples=["+48600000001"],
    )
    first_name: Line = Field("", description="First name.", examples=["Ann"])
    last_name: Line = Field("", description="Last name.", examples=["Ono"])
    title: Line = Field("", description="Title.", examples=["Dr"])
    locale: LanguageTagOrNone = Field("", description="Language of the contact, in BCP 47.", examples=["pl-PL"])
    time_zone: TimeZoneOrNone = Field("", description="Time zone, by its IANA name.", examples=["Europe/Warsaw"])
    embedded_data: EmbeddedData | None = Field(
        None,
        description="Your own data about the contact, for filters and for texts as ${contact:key}. Merged key by key.",
        examples=[{"ward": "B", "visits": 3}],
    )


class ContactChanges(ContactBody):
    """The fields to change.

    null clears a field, or all of embeddedData. An externalId, an email or a phone must remain.
    """


class OptInBody(Body):
    """Where the consent to write to the contact again was given."""

    source: Annotated[Line255, Field(min_length=1)] = Field(
        description="Where the consent was given, up to 255 characters.", examples=["front desk, form 12"]
    )
    requested_by_person: bool = Field(
        False,
        description="Whether the person asked for it. Lifts their own unsubscribe or complaint, not a STOP.",
        examples=[True],
    )


class ContactDocument(Document):
    """A contact."""

    id: UUID = Field(description="The contact's id.", examples=["0194c4f0-5a3d-7b19-a0c4-9d1e2f3a4b5c"])
    external_id: str | None = Field(description="The contact's id in your system.", examples=["PAT-1"])
    email: NullIfBlank = Field(
        description="E-mail address. An international domain is in punycode.", examples=["ann@example.com"]
    )
    email_unicode: NullIfBlank = Field(
        description="The e-mail address with its international domain as people write it; null if it has none.",
        examples=["ann@bücher.example"],
    )
    phone: NullIfBlank = Field(description="Phone number in E.164.", examples=["+48600000001"])
    first_name: NullIfBlank = Field(description="First name.", examples=["Ann"])
    last_name: NullIfBlank = Field(description="Last name.", examples=["Ono"])
    title: NullIfBlank = Field(description="Title.", examples=["Dr"])
    locale: NullIfBlank = Field(description="Language of the contact, in BCP 47.", examples=["pl-PL"])
    time_zone: NullIfBlank = Field(description="Time zone, by its IANA name.", examples=["Europe/Warsaw"])
    embedded_data: dict[str, Any] = Field(
        description="Your own data about the contact.", examples=[{"ward": "B", "visits": 3}]
    )
    opted_out_at: datetime | None = Field(
        description="When the contact opted out of all surveys; null if it did not.", examples=["2026-03-05T08:00:00Z"]
    )
    created_at: datetime = Field(description="When the contact was created.", examples=["2026-01-20T10:15:00Z"])
    updated_at: datetime = Field(description="When the contact was last changed.", examples=["2026-03-05T08:00:00Z"])


class ContactPage(Page[ContactDocument]):
    """Contacts, newest first unless the call asks for another order."""

    updated_until: UpdatedUntil = None


class ContactQuery(Changed):
    """Which contacts to list. Filters must all match; one that is blank finds nobody."""

    external_id: str | None = Field(None, description="Only the contact with this external id.", examples=["PAT-1"])
    email: str | None = Field(
        None,
        description="Only contacts with this e-mail address, in any letter case. In a URL “+” need not be escaped; to "
        "keep addresses out of URLs and logs, search with POST.",
        examples=["ann@example.com"],
    )


def render_contact(contact: Contact) -> dict[str, Any]:
    return ContactDocument.model_validate(contact).rendered()
