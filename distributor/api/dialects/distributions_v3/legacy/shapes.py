"""Lists and contacts as the calls from before directories read and write them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import Field

from contacts.models import Contact, MailingList, Organization
from distributor.api.bodies.fields import Line255, Name
from distributor.api.dialects.distributions_v3.documentation import id_field
from distributor.api.dialects.distributions_v3.envelope import Element
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.dialects.distributions_v3.lists.contact_shapes import ExtRef, MailingListContactBody
from distributor.api.dialects.distributions_v3.timestamps import format_time
from distributor.api.dialects.distributions_v3.wire import LibraryIdOrNone
from distributor.api.wire import Body
from distributor.models import Recipient, Response

MAX_CONTACTS: Final = 1_000
# Of each contact, so that a page of contacts who are written to every day has an end.
MAX_HISTORY: Final = 100
LIST_ID_FIELDS: Final = {"/libraryId": Kind.LIBRARY}


class LegacyListBody(Body):
    """A mailing list to create."""

    name: Name = Field(description="Name of the list.", examples=["Ward B"])
    category: Line255 | None = Field(None, description="Ignored: lists have no categories.", examples=["Wards"])
    library_id: LibraryIdOrNone = Field(
        None, description="Owner of the list: the organisation's id.", examples=[Kind.LIBRARY.example]
    )


class LegacyListElement(Element):
    """A mailing list."""

    id: str = id_field(Kind.MAILING_LIST, "Id of the list.")
    library_id: str = id_field(Kind.LIBRARY, "Id of the organisation.")
    name: str = Field(description="Name of the list.", examples=["Ward B"])
    category: None = Field(description="Always null.", examples=[None])
    folder: None = Field(description="Always null.", examples=[None])


class LegacyContactBody(MailingListContactBody):
    """A contact to create or change. Needs an externalDataReference, email or phone."""

    ext_ref: ExtRef = Field(
        None, alias="externalDataReference", description="The contact's id in your system.", examples=["PAT-1"]
    )


class LegacyContactsBody(Body):
    """Contacts to create or change, all or none."""

    contacts: Annotated[list[LegacyContactBody], Field(min_length=1, max_length=MAX_CONTACTS)] = Field(
        description=f"The contacts, at most {MAX_CONTACTS:,}."
    )


class LegacyContactsMade(Element):
    """The contacts that were created or changed."""

    id: str = id_field(Kind.CONTACT, "Id of the contact; of several, the first.")
    ids: list[str] = Field(
        default_factory=list,
        description="Extension: for `contacts`, the id of each in the order given.",
        examples=[[Kind.CONTACT.example]],
    )


class LegacyResponse(Element):
    """A response of the contact."""

    response_id: str = id_field(Kind.RESPONSE, "Id of the response.")
    survey_id: str = id_field(Kind.SURVEY, "Id of the survey.")
    date: str = Field(description="When it was submitted.", examples=["2026-03-05T09:00:00Z"])
    finished_survey: bool = Field(description="Always true.", examples=[True])


class LegacyEmail(Element):
    """A distribution that the contact was sent."""

    email_distribution_id: str = id_field(Kind.DISTRIBUTION, "Id of the distribution.")
    survey_id: str = id_field(Kind.SURVEY, "Id of the survey.")
    date: str = Field(description="When the first message left.", examples=["2026-03-05T09:00:00Z"])
    type: str = Field(description="Always `Invite`.", examples=["Invite"])
    result: str = Field(description="Always `Success`: a provider took the message.", examples=["Success"])
    read: bool = Field(description="Whether the message or its link was opened.", examples=[True])


class LegacyContactElement(Element):
    """A contact of a list."""

    id: str = id_field(Kind.CONTACT, "Id of the contact.")
    first_name: str | None = Field(description="First name.", examples=["Ann"])
    last_name: str | None = Field(description="Last name.", examples=["Ono"])
    email: str | None = Field(description="E-mail address.", examples=["ann@example.com"])
    external_data_reference: str | None = Field(description="The contact's id in your system.", examples=["PAT-1"])
    embedded_data: dict[str, Any] = Field(description="Data of your own.", examples=[{"ward": "B"}])
    language: str | None = Field(description="Language of the contact.", examples=["pl"])
    unsubscribed: bool = Field(description="Whether the contact has opted out.", examples=[False])
    response_history: list[LegacyResponse] = Field(
        description=f"Responses of the contact, newest first, at most {MAX_HISTORY}."
    )
    email_history: list[LegacyEmail] = Field(
        description=f"Distributions that the contact was sent, newest first, at most {MAX_HISTORY}. Deleted ones are "
        "left out."
    )


def render_list(organization: Organization, mailing_list: MailingList) -> dict[str, Any]:
    return LegacyListElement(
        id=public_id(Kind.MAILING_LIST, mailing_list.pk),
        library_id=public_id(Kind.LIBRARY, organization.pk),
        name=mailing_list.name,
        category=None,
        folder=None,
    ).render()


def render_contact(contact: Contact, recipients: Sequence[Recipient], responses: Sequence[Response]) -> dict[str, Any]:
    """Render a contact with its recipients (loaded with their distributions) and responses."""
    return LegacyContactElement(
        id=public_id(Kind.CONTACT, contact.pk),
        first_name=contact.first_name or None,
        last_name=contact.last_name or None,
        email=contact.email or None,
        external_data_reference=contact.external_id,
        embedded_data=contact.embedded_data,
        language=contact.locale or None,
        unsubscribed=contact.opted_out_at is not None,
        response_history=[_response(response) for response in responses],
        email_history=[_email(recipient, sent_at) for recipient in recipients if (sent_at := recipient.first_sent_at)],
    ).render()


def _response(response: Response) -> LegacyResponse:
    return LegacyResponse(
        response_id=public_id(Kind.RESPONSE, response.pk),
        survey_id=public_id(Kind.SURVEY, response.survey_id),
        date=format_time(response.submitted_at),
        finished_survey=True,
    )


def _email(recipient: Recipient, sent_at: datetime) -> LegacyEmail:
    return LegacyEmail(
        email_distribution_id=public_id(Kind.DISTRIBUTION, recipient.distribution_id),
        survey_id=public_id(Kind.SURVEY, recipient.distribution.survey_id),
        date=format_time(sent_at),
        type="Invite",
        result="Success",
        read=recipient.first_opened_at is not None,
    )
