"""The shape of a distribution by SMS."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from distributor.api.dialects.distributions_v3.distributions.element import MessageElement
from distributor.api.dialects.distributions_v3.documentation import id_field
from distributor.api.dialects.distributions_v3.envelope import Element
from distributor.api.dialects.distributions_v3.ids import Kind


class SmsRecipientsElement(Element):
    """The mailing list or the contact that the distribution goes to."""

    mailing_list_id: str | None = Field(description="Id of the mailing list.", examples=[Kind.MAILING_LIST.example])
    contact_id: str | None = Field(description="Id of the only contact.", examples=[Kind.CONTACT.example])
    library_id: str | None = Field(description="Id of the list's owner.", examples=[Kind.LIBRARY.example])
    sample_id: None = Field(description="Always null.", examples=[None])
    transaction_id: None = Field(description="Always null.", examples=[None])
    transaction_batch_id: None = Field(description="Always null.", examples=[None])


class SmsStatsElement(Element):
    """Counts of people."""

    sent: int = Field(description="People who were sent a message.", examples=[120])
    failed: int = Field(description="People whom no message could be sent to.", examples=[1])
    started: int = Field(description="People known to have started, which are those who have finished.", examples=[40])
    finished: int = Field(description="People who have finished the survey.", examples=[40])
    credits: None = Field(description="Always null: providers bill by their own prices.", examples=[None])
    segments: None = Field(
        description="Always null: segments are counted by day, not by distribution.", examples=[None]
    )


class SmsElement(Element):
    """A distribution, reminder or thank-you by SMS."""

    id: str = id_field(Kind.DISTRIBUTION, "Id of the distribution.")
    owner_id: str = Field(description="Id of the organisation.", examples=[Kind.LIBRARY.example])
    organization_id: str = Field(description="Slug of the organisation.", examples=["example-hospital"])
    request_status: str = Field(description="`Pending`, `Done` or `Cancelled` (extension).", examples=["Done"])
    request_type: str = Field(description="`Invite`, `Reminder` or `ThankYou`.", examples=["Invite"])
    send_date: str = Field(description="When it is or was sent.", examples=["2030-01-21T09:00:00Z"])
    survey_id: str = id_field(Kind.SURVEY, "Id of the survey.")
    name: str | None = Field(description="Name of the distribution.", examples=["January"])
    parent_distribution_id: str | None = Field(
        description="For a reminder or thank-you, the id of its distribution.", examples=[Kind.DISTRIBUTION.example]
    )
    recipients: SmsRecipientsElement = Field(description="Mailing list or contact.")
    message: MessageElement = Field(description="Message.")
    stats: SmsStatsElement = Field(description="How many people were sent a message, and what they did.")


def as_sms(element: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a rendered DistributionElement in the shape of a distribution by SMS."""
    stats, recipients = element["stats"], element["recipients"]
    return SmsElement(
        id=element["id"],
        owner_id=element["ownerId"],
        organization_id=element["organizationId"],
        request_status=element["requestStatus"],
        request_type=element["requestType"],
        send_date=element["sendDate"],
        survey_id=element["surveyLink"]["surveyId"],
        name=name or None,
        parent_distribution_id=element["parentDistributionId"],
        recipients=SmsRecipientsElement(
            mailing_list_id=recipients["mailingListId"],
            contact_id=recipients["contactId"],
            library_id=recipients["libraryId"],
            sample_id=None,
            transaction_id=None,
            transaction_batch_id=None,
        ),
        message=MessageElement.model_validate(element["message"]),
        stats=SmsStatsElement(
            **{name: stats[name] for name in ("sent", "failed", "started", "finished")}, credits=None, segments=None
        ),
    ).render()
