"""The shape of a distribution. Reminders and thank-yous have the same shape."""

from typing import Any

from pydantic import Field

from distributor.api.dialects.distributions_v3.documentation import id_field
from distributor.api.dialects.distributions_v3.envelope import Element
from distributor.api.dialects.distributions_v3.ids import Kind


class SubjectMessageElement(Element):
    """The message whose subject the call asked for."""

    message_id: str = id_field(Kind.MESSAGE, "Id of the message.")
    library_id: str = id_field(Kind.LIBRARY, "Id of the library.")


class HeadersElement(Element):
    """Sender and subject of the message."""

    from_email: str | None = Field(description="Sender address.", examples=["survey@example.com"])
    reply_to_email: str | None = Field(description="Reply-to address.", examples=["care@example.com"])
    from_name: str | None = Field(description="Sender name.", examples=["Example Hospital"])
    subject: str | None = Field(
        description="Subject of this distribution. Null: the message's own subject.", examples=["How was your stay?"]
    )
    subject_message: SubjectMessageElement | None = Field(
        default=None, description="The message whose subject the call asked for. Absent if it asked for none."
    )


class RecipientsElement(Element):
    """The mailing list or the contact that the distribution goes to."""

    mailing_list_id: str | None = Field(description="Id of the mailing list.", examples=[Kind.MAILING_LIST.example])
    contact_id: str | None = Field(description="Id of the only contact.", examples=[Kind.CONTACT.example])
    library_id: str | None = Field(description="Id of the list's owner.", examples=[Kind.LIBRARY.example])
    sample_id: None = Field(description="Always null.")


class MessageElement(Element):
    """The message. All fields are null if the distribution only makes links."""

    library_id: str | None = Field(description="Id of the library.", examples=[Kind.LIBRARY.example])
    message_id: str | None = Field(description="Id of the message.", examples=[Kind.MESSAGE.example])
    message_text: str | None = Field(
        description="Text of the send's own, with published piped text. Null if it sends a message of the library.",
        examples=["How was your stay? ${l://SurveyURL}"],
    )
    message_type: None = Field(description="Always null.")


class SurveyLinkElement(Element):
    """The survey and the kind of links."""

    survey_id: str = Field(description="Id of the survey.", examples=[Kind.SURVEY.example])
    expiration_date: str | None = Field(description="When the links close.", examples=["2030-01-31T00:00:00Z"])
    link_type: str | None = Field(description="`Individual`, `Multiple` or `Anonymous`.", examples=["Individual"])


class StatsElement(Element):
    """Counts of people, not of messages."""

    sent: int = Field(description="People who were sent a message.", examples=[120])
    failed: int = Field(description="People whom no message could be sent to.", examples=[1])
    started: int = Field(description="People known to have started, which are those who have finished.", examples=[40])
    bounced: int = Field(description="People whose message bounced, hard or soft.", examples=[2])
    opened: int = Field(description="People who opened the message or the link.", examples=[75])
    skipped: int = Field(description="People who were left out.", examples=[3])
    finished: int = Field(description="People who have finished the survey.", examples=[40])
    complaints: int = Field(description="People who reported the message as spam.", examples=[0])
    blocked: int = Field(description="People whose message the provider dropped.", examples=[0])


class DistributionElement(Element):
    """A distribution, or a reminder or thank-you of one."""

    id: str = id_field(Kind.DISTRIBUTION, "Id of the distribution.")
    parent_distribution_id: str | None = Field(
        description="For a reminder or thank-you, the id of its distribution.", examples=[Kind.DISTRIBUTION.example]
    )
    owner_id: str = Field(description="Id of the organisation.", examples=[Kind.LIBRARY.example])
    organization_id: str = Field(description="Slug of the organisation.", examples=["example-hospital"])
    request_status: str = Field(
        description="`Pending`, `Done`, `Generated` (links only) or `Cancelled` (extension).", examples=["Done"]
    )
    request_type: str = Field(
        description="`Invite`, `GeneratedInvite` (links only), `Reminder` or `ThankYou`.", examples=["Invite"]
    )
    send_date: str = Field(description="When it is or was sent.", examples=["2030-01-21T09:00:00Z"])
    created_date: str = Field(description="When it was created.", examples=["2030-01-20T12:30:00Z"])
    modified_date: str = Field(
        description="When it was created, paused or cancelled, whichever is last.", examples=["2030-01-20T12:30:00Z"]
    )
    custom_headers: None = Field(description="Always null.", examples=[None])
    headers: HeadersElement = Field(description="Sender and subject.")
    recipients: RecipientsElement = Field(description="Mailing list or contact.")
    message: MessageElement = Field(description="Message.")
    survey_link: SurveyLinkElement = Field(description="Survey and links.")
    embedded_data: dict[str, Any] = Field(
        description="Data that the call gave for this distribution.", examples=[{"ward": "B"}]
    )
    stats: StatsElement = Field(description="Counts of people.")
