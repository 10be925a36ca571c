"""Contacts of the directory, rendered from rows."""

from collections.abc import Sequence
from typing import Any, Final

from pydantic import Field

from contacts.models import Contact, Membership
from distributor.api.dialects.distributions_v3.documentation import id_field
from distributor.api.dialects.distributions_v3.envelope import Element
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.dialects.distributions_v3.timestamps import (
    epoch_milliseconds,
    epoch_milliseconds_or_none,
    format_time_or_none,
)

# Of a contact who is on more lists, the newest are shown.
MAX_MEMBERSHIPS: Final = 1_000


class DirectoryContactMade(Element):
    """The contact that was created or changed."""

    id: str = id_field(Kind.CONTACT, "Id of the contact.")


class _Person(Element):
    """What all elements tell of a contact."""

    contact_id: str = id_field(Kind.CONTACT, "Id of the contact.")
    first_name: str | None = Field(description="First name.", examples=["Ann"])
    last_name: str | None = Field(description="Last name.", examples=["Ono"])
    email: str | None = Field(description="E-mail address.", examples=["ann@example.com"])
    phone: str | None = Field(description="Phone number in E.164.", examples=["+48601000001"])
    ext_ref: str | None = Field(description="The contact's id in your system.", examples=["PAT-1"])
    language: str | None = Field(description="Language of the contact.", examples=["pl"])


class DirectoryContactElement(_Person):
    """A contact of the directory."""

    unsubscribed: bool = Field(description="Whether the contact has opted out.", examples=[False])


class FoundContactElement(DirectoryContactElement):
    """A contact that a search found."""

    id: str = id_field(Kind.CONTACT, "Id of the contact, as `contactId`.")


class OptedOutElement(_Person):
    """A contact, and whether it has opted out."""

    directory_unsubscribed: bool = Field(description="Whether the contact has opted out.", examples=[True])
    directory_unsubscribe_date: str | None = Field(
        description="When the contact opted out. Null if it has not.", examples=["2026-03-05T09:00:00Z"]
    )
    mailing_list_unsubscribed: bool = Field(
        description="The same as `directoryUnsubscribed`: an opt-out is of all lists.", examples=[True]
    )
    mailing_list_unsubscribe_date: str | None = Field(
        description="The same as `directoryUnsubscribeDate`.", examples=["2026-03-05T09:00:00Z"]
    )


class MembershipElement(Element):
    """A list that the contact is on."""

    contact_lookup_id: str = id_field(Kind.CONTACT_LOOKUP, "Second id of the contact.")
    name: str = Field(description="Name of the list.", examples=["Ward B"])
    unsubscribed: bool = Field(description="Whether the contact has opted out, of all lists.", examples=[False])
    unsubscribe_date: int | None = Field(
        description="When the contact opted out, in milliseconds since 1970.", examples=[1772701200000]
    )
    owner_id: str = Field(description="Id of the organisation.", examples=[Kind.LIBRARY.example])


class WholeContactElement(_Person):
    """A contact with its data and its lists."""

    creation_date: int = Field(
        description="When the contact was created, in milliseconds since 1970.", examples=[1772701200000]
    )
    last_modified: int = Field(
        description="When the contact was last changed, in milliseconds since 1970.", examples=[1772701200000]
    )
    email_domain: str | None = Field(description="The e-mail address after its @.", examples=["example.com"])
    write_blanks: None = Field(description="Always null.")
    skipped: None = Field(description="Always null.")
    directory_unsubscribed: bool = Field(description="Whether the contact has opted out.", examples=[False])
    directory_unsubscribe_date: int | None = Field(
        description="When the contact opted out, in milliseconds since 1970. Null if it has not.",
        examples=[1772701200000],
    )
    embedded_data: dict[str, Any] = Field(description="Data of your own.", examples=[{"ward": "B"}])
    stats: dict[str, Any] = Field(description="Always empty: see the contact's history.", examples=[{}])
    transaction_data: dict[str, Any] = Field(description="Always empty.", examples=[{}])
    mailing_list_membership: dict[str, MembershipElement] = Field(
        description=f"The lists that the contact is on, by their ids; of more than {MAX_MEMBERSHIPS:,} the newest.",
        examples=[
            {
                Kind.MAILING_LIST.example: {
                    "contactLookupId": Kind.CONTACT_LOOKUP.example,
                    "name": "Ward B",
                    "unsubscribed": False,
                    "unsubscribeDate": None,
                    "ownerId": Kind.LIBRARY.example,
                }
            }
        ],
    )
    segment_membership: dict[str, Any] = Field(description="Always empty.", examples=[{}])


def render_directory_contact(contact: Contact) -> dict[str, Any]:
    return DirectoryContactElement(**_person(contact), unsubscribed=contact.opted_out_at is not None).render()


def render_found_contact(contact: Contact) -> dict[str, Any]:
    return FoundContactElement(
        **_person(contact), unsubscribed=contact.opted_out_at is not None, id=public_id(Kind.CONTACT, contact.pk)
    ).render()


def render_opted_out(contact: Contact) -> dict[str, Any]:
    is_out, date = contact.opted_out_at is not None, format_time_or_none(contact.opted_out_at)
    return OptedOutElement(
        **_person(contact),
        directory_unsubscribed=is_out,
        directory_unsubscribe_date=date,
        mailing_list_unsubscribed=is_out,
        mailing_list_unsubscribe_date=date,
    ).render()


def render_whole_contact(contact: Contact, memberships: Sequence[Membership]) -> dict[str, Any]:
    """Render a contact with its memberships, which were loaded with their lists."""
    return WholeContactElement(
        **_person(contact),
        creation_date=epoch_milliseconds(contact.created_at),
        last_modified=epoch_milliseconds(contact.updated_at),
        email_domain=contact.email.rpartition("@")[2] or None,
        write_blanks=None,
        skipped=None,
        directory_unsubscribed=contact.opted_out_at is not None,
        directory_unsubscribe_date=epoch_milliseconds_or_none(contact.opted_out_at),
        embedded_data=contact.embedded_data,
        stats={},
        transaction_data={},
        mailing_list_membership={
            public_id(Kind.MAILING_LIST, membership.mailing_list_id): _membership(contact, membership)
            for membership in memberships
        },
        segment_membership={},
    ).render()


def _membership(contact: Contact, membership: Membership) -> MembershipElement:
    return MembershipElement(
        contact_lookup_id=public_id(Kind.CONTACT_LOOKUP, contact.pk),
        name=membership.mailing_list.name,
        unsubscribed=contact.opted_out_at is not None,
        unsubscribe_date=epoch_milliseconds_or_none(contact.opted_out_at),
        owner_id=public_id(Kind.LIBRARY, contact.organization_id),
    )


def _person(contact: Contact) -> dict[str, Any]:
    return {
        "contact_id": public_id(Kind.CONTACT, contact.pk),
        "first_name": contact.first_name or None,
        "last_name": contact.last_name or None,
        "email": contact.email or None,
        "phone": contact.phone or None,
        "ext_ref": contact.external_id,
        "language": contact.locale or None,
    }
