"""The bodies of calls that send, or that make links: two forms of one address, and another for SMS."""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, Field, RootModel, WithJsonSchema, field_validator, model_validator
from pydantic_core import PydanticCustomError

from distributor.api.dialects.distributions_v3.envelope import Element
from distributor.api.dialects.distributions_v3.ids import Kind
from distributor.api.dialects.distributions_v3.wire import (
    BLANK_IS_NONE,
    Body,
    ContactIdOrNone,
    DistributionIdOrNone,
    LibraryIdOrNone,
    MailingListIdOrNone,
    MessageId,
    SurveyId,
)
from distributor.api.dry_run import PlanDocument
from distributor.api.fields import NULL_IS_DEFAULT, DataFault, Email, Line255, Moment, Subject

LinkTypeName = Annotated[Literal["Individual", "Multiple", "Anonymous"], NULL_IS_DEFAULT]
_MOMENT_OR_BLANK = {"anyOf": [{"type": "string", "format": "date-time"}, {"const": ""}, {"type": "null"}]}
MomentOrNone = Annotated[Moment | None, BLANK_IS_NONE, WithJsonSchema(_MOMENT_OR_BLANK)]
DryRun = Annotated[bool, NULL_IS_DEFAULT]
_DRY_RUN: Final = "Ours: answer what would happen, and do nothing."
NO_RECIPIENTS: Final = ("no_recipients", "Name a mailing list, a contact, or a contact of a mailing list.")


def _refuse_data(data: dict[str, Any] | None) -> None:
    if data:
        text = "A reminder and a thank-you tell what their invitation was told: give no data of their own."
        raise PydanticCustomError("not_supported", "{text}", {"text": text})


class MessageBody(Body):
    """A message of a library: a template."""

    library_id: LibraryIdOrNone = None
    message_id: MessageId


class RecipientsBody(Body):
    """A mailing list, one contact of it, or one contact."""

    mailing_list_id: MailingListIdOrNone = None
    contact_id: ContactIdOrNone = None

    @model_validator(mode="after")
    def _are_somebody(self) -> Self:
        if self.mailing_list_id is None and self.contact_id is None:
            raise _fault((), *NO_RECIPIENTS)
        return self


class HeaderBody(Body):
    """What this distribution says of its sender, instead of the account; and its subject, instead of the message."""

    from_email: Email | None = None
    from_name: Line255 | None = None
    reply_to_email: Email | None = None
    subject: Subject = ""


class SurveyLinkBody(Body):
    """Where the link leads, until when, and what a response is tied to."""

    survey_id: SurveyId
    expiration_date: MomentOrNone = None
    type: LinkTypeName = "Individual"


class SendBody(Body):
    """An e-mail to a mailing list, or to one contact."""

    message: MessageBody
    recipients: RecipientsBody
    header: Annotated[HeaderBody, NULL_IS_DEFAULT] = HeaderBody()
    survey_link: SurveyLinkBody
    send_date: MomentOrNone = Field(None, description="Omit to send now; without an offset it means UTC.")
    dry_run: DryRun = Field(False, description=_DRY_RUN)


class LinksBody(Body):
    """Links and no message."""

    action: Literal["CreateDistribution"]
    survey_id: SurveyId
    link_type: LinkTypeName = "Individual"
    description: Line255 | None = None
    expiration_date: MomentOrNone = Field(None, description="ISO 8601, or 2021-01-21 00:00:00; it means UTC.")
    mailing_list_id: MailingListIdOrNone = None
    contact_id: ContactIdOrNone = Field(None, description="With a mailing list: of it; without: anybody.")
    recipients: RecipientsBody | None = Field(None, description="The same, as calls that send say it.")
    dry_run: DryRun = Field(False, description=_DRY_RUN)

    @model_validator(mode="after")
    def _are_for_somebody(self) -> Self:
        flat = (self.mailing_list_id, self.contact_id)
        if self.recipients is None and flat == (None, None):
            raise _fault(("mailingListId",), *NO_RECIPIENTS)
        if self.recipients is not None and flat != (None, None):
            raise _fault(("recipients",), "named_twice", "Recipients are named beside it already.")
        return self


class FollowUpBody(Body):
    """A reminder to who has not finished, or thanks to who has."""

    message: MessageBody
    header: Annotated[HeaderBody, NULL_IS_DEFAULT] = HeaderBody()
    send_date: MomentOrNone = Field(None, description="Omit to send now; without an offset it means UTC.")
    contact_id: ContactIdOrNone = Field(None, description="Ours: to this one alone.")
    embedded_data: Annotated[dict[str, Any] | None, AfterValidator(_refuse_data)] = Field(
        None, description="Nothing: a follow-up says what its invitation knew."
    )


class SmsBody(Body):
    """A text message; reminders and thank-yous go to those whom another distribution went to."""

    method: Literal["Invite", "Reminder", "ThankYou"]
    survey_id: SurveyId
    recipients: RecipientsBody | None = Field(
        None, description="Of an invitation; of a reminder and a thank-you perhaps one contact."
    )
    name: Line255 | None = None
    message: MessageBody
    send_date: MomentOrNone = Field(None, description="Omit to send now; without an offset it means UTC.")
    parent_distribution_id: DistributionIdOrNone = Field(None, description="Of a reminder and a thank-you.")
    survey_link_type: LinkTypeName = Field("Individual", description="Of an invitation.")
    expiration_date: MomentOrNone = Field(None, description="Ours, of an invitation: ends sends and links.")
    dry_run: DryRun = Field(False, description=f"{_DRY_RUN} Of an invitation.")

    @field_validator("method", mode="before")
    @classmethod
    def _is_no_conversation(cls, method: Any) -> Any:
        if method == "Interactive":
            text = "Surveys are not held by text message: send an Invite with a link."
            raise PydanticCustomError("not_supported", "{text}", {"text": text})
        return method

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.method == "Invite" and self.recipients is None:
            raise _fault(("recipients",), *NO_RECIPIENTS)
        if self.method != "Invite" and self.parent_distribution_id is None:
            text = "A reminder and a thank-you follow a distribution: name it."
            raise _fault(("parentDistributionId",), "missing", text)
        if self.method != "Invite" and self.dry_run:
            text = "Whom a reminder and a thank-you go to is known when they leave: they have no dry run."
            raise _fault(("dryRun",), "not_supported", text)
        return self


class DistributionsBody(RootModel[SendBody | LinksBody]):
    """A send; or, with an `action`, links only."""


class FollowUpResult(Element):
    """What was added; it is shown as a distribution of its own."""

    distribution_id: str = Field(pattern=Kind.DISTRIBUTION.pattern)


class SentResult(Element):
    """What was made."""

    id: str = Field(pattern=Kind.DISTRIBUTION.pattern)
    link: str | None = Field(default=None, description="Ours, of one contact; null if it is left out.")


class SentOrPlanned(RootModel[SentResult | PlanDocument]):
    """What was made; of a dry run what would be."""


def _fault(path: tuple[str, ...], code: str, text: str) -> PydanticCustomError:
    return PydanticCustomError("invalid_data", "This does not fit together.", {"faults": [DataFault(path, code, text)]})


# Where each body names what there must be.
PLACES_OF_SENDING: Final = {
    "/message/libraryId": Kind.LIBRARY,
    "/message/messageId": Kind.MESSAGE,
    "/recipients/mailingListId": Kind.MAILING_LIST,
    "/recipients/contactId": Kind.CONTACT,
    "/surveyLink/surveyId": Kind.SURVEY,
}
PLACES_OF_A_FOLLOW_UP: Final = {
    "/message/libraryId": Kind.LIBRARY,
    "/message/messageId": Kind.MESSAGE,
    "/contactId": Kind.CONTACT,
}
PLACES_OF_LINKS: Final = {
    "/surveyId": Kind.SURVEY,
    "/mailingListId": Kind.MAILING_LIST,
    "/contactId": Kind.CONTACT,
    "/recipients/mailingListId": Kind.MAILING_LIST,
    "/recipients/contactId": Kind.CONTACT,
}
PLACES_OF_SMS: Final = {
    "/surveyId": Kind.SURVEY,
    "/message/libraryId": Kind.LIBRARY,
    "/message/messageId": Kind.MESSAGE,
    "/recipients/mailingListId": Kind.MAILING_LIST,
    "/recipients/contactId": Kind.CONTACT,
    "/parentDistributionId": Kind.DISTRIBUTION,
}
