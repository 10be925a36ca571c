"""Bodies of `/distributions` and `/distributions/sms`, and their results."""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, RootModel, field_validator, model_validator
from pydantic_core import PydanticCustomError

from distributor.api.dialects.distributions_v3.distributions.body_parts import (
    DRY_RUN,
    LINK_TYPE,
    NO_RECIPIENTS,
    SEND_DATE,
    DryRun,
    HeaderBody,
    LinkTypeName,
    MessageBody,
    MomentOrNone,
    RecipientsBody,
    SurveyLinkBody,
    inconsistent,
)
from distributor.api.dialects.distributions_v3.documentation import id_field
from distributor.api.dialects.distributions_v3.envelope import Element
from distributor.api.dialects.distributions_v3.ids import Kind
from distributor.api.dialects.distributions_v3.wire import (
    ContactIdOrNone,
    DistributionIdOrNone,
    MailingListIdOrNone,
    SurveyId,
)
from distributor.api.dry_run import PlanDocument
from distributor.api.fields import NULL_IS_DEFAULT, Line255
from distributor.api.wire import Body


class SendBody(Body):
    """An e-mail to a mailing list or to one contact."""

    message: MessageBody = Field(description="Message to send.")
    recipients: RecipientsBody = Field(description="Mailing list or contact to send to.")
    header: Annotated[HeaderBody, NULL_IS_DEFAULT] = Field(
        HeaderBody(), description="Sender and subject. Omit for the account's and the message's own."
    )
    survey_link: SurveyLinkBody = Field(description="Survey and links.")
    send_date: MomentOrNone = Field(None, description=SEND_DATE, examples=["2030-01-21T09:00:00Z"])
    dry_run: DryRun = Field(False, description=DRY_RUN, examples=[False])


class LinksBody(Body):
    """Links without messages, for a mailing list or for one contact."""

    action: Literal["CreateDistribution"] = Field(
        description="Always `CreateDistribution`.", examples=["CreateDistribution"]
    )
    survey_id: SurveyId = Field(description="Id of the survey.", examples=[Kind.SURVEY.example])
    link_type: LinkTypeName = Field("Individual", description=LINK_TYPE, examples=["Individual"])
    description: Line255 | None = Field(None, description="Name of the distribution.", examples=["January"])
    expiration_date: MomentOrNone = Field(
        None,
        description="When the links close: ISO 8601, or `2021-01-21 00:00:00`. A time without an offset is UTC.",
        examples=["2030-01-31 00:00:00"],
    )
    mailing_list_id: MailingListIdOrNone = Field(
        None, description="Id of the mailing list.", examples=[Kind.MAILING_LIST.example]
    )
    contact_id: ContactIdOrNone = Field(
        None,
        description="Id of one contact, who must be on the mailing list if given.",
        examples=[Kind.CONTACT.example],
    )
    recipients: RecipientsBody | None = Field(
        None, description="Mailing list or contact, instead of `mailingListId` and `contactId`."
    )
    dry_run: DryRun = Field(False, description=DRY_RUN, examples=[False])

    @model_validator(mode="after")
    def _require_recipients(self) -> Self:
        has_top_level_ids = self.mailing_list_id is not None or self.contact_id is not None
        if self.recipients is None and not has_top_level_ids:
            raise inconsistent(("mailingListId",), *NO_RECIPIENTS)
        if self.recipients is not None and has_top_level_ids:
            text = "Give either recipients, or mailingListId and contactId."
            raise inconsistent(("recipients",), "named_twice", text)
        return self


class SmsBody(Body):
    """A text message: an invitation, or a reminder or thank-you of another distribution."""

    method: Literal["Invite", "Reminder", "ThankYou"] = Field(description="Kind of message.", examples=["Invite"])
    survey_id: SurveyId = Field(description="Id of the survey.", examples=[Kind.SURVEY.example])
    recipients: RecipientsBody | None = Field(
        None,
        description="Mailing list or contact to send to. Required for an invitation. A reminder or thank-you may go to "
        "one contact.",
    )
    name: Line255 | None = Field(None, description="Name of the distribution.", examples=["January"])
    message: MessageBody = Field(description="Message to send.")
    send_date: MomentOrNone = Field(None, description=SEND_DATE, examples=["2030-01-21T09:00:00Z"])
    parent_distribution_id: DistributionIdOrNone = Field(
        None,
        description="Id of the distribution to remind or thank for. Required for a reminder or thank-you.",
        examples=[Kind.DISTRIBUTION.example],
    )
    survey_link_type: LinkTypeName = Field(
        "Individual", description=f"{LINK_TYPE} For an invitation only.", examples=["Individual"]
    )
    expiration_date: MomentOrNone = Field(
        None,
        description="Extension: when sending stops and the links close. For an invitation only.",
        examples=["2030-01-31T00:00:00Z"],
    )
    dry_run: DryRun = Field(False, description=f"{DRY_RUN} For an invitation only.", examples=[False])

    @field_validator("method", mode="before")
    @classmethod
    def _refuse_interactive(cls, method: Any) -> Any:
        if method == "Interactive":
            text = "Interactive surveys by SMS are not supported. Send an Invite with a link."
            raise PydanticCustomError("not_supported", "{text}", {"text": text})
        return method

    @model_validator(mode="after")
    def _require_fields_of_method(self) -> Self:
        if self.method == "Invite" and self.recipients is None:
            raise inconsistent(("recipients",), *NO_RECIPIENTS)
        if self.method != "Invite" and self.parent_distribution_id is None:
            text = "A reminder or thank-you needs the id of its distribution."
            raise inconsistent(("parentDistributionId",), "missing", text)
        if self.method != "Invite" and self.dry_run:
            text = "Reminders and thank-yous have no dry run: their recipients are not known before they are sent."
            raise inconsistent(("dryRun",), "not_supported", text)
        return self


class DistributionsBody(RootModel[SendBody | LinksBody]):
    """An e-mail, or, with an `action`, links without messages."""


class SentResult(Element):
    """The distribution that was created."""

    id: str = id_field(Kind.DISTRIBUTION, "Id of the distribution.")
    link: str | None = Field(
        default=None,
        description="Extension: if it goes to one contact, the contact's link. Null if the contact was left out.",
        examples=["https://surveys.example.com/p/aBcDeFgH1234"],
    )


class SentOrPlanned(RootModel[SentResult | PlanDocument]):
    """The distribution that was created, or, for a dry run, the forecast."""


# The ids of each body, by their pointers.
SEND_ID_FIELDS: Final = {
    "/message/libraryId": Kind.LIBRARY,
    "/message/messageId": Kind.MESSAGE,
    "/recipients/mailingListId": Kind.MAILING_LIST,
    "/recipients/contactId": Kind.CONTACT,
    "/surveyLink/surveyId": Kind.SURVEY,
}
LINKS_ID_FIELDS: Final = {
    "/surveyId": Kind.SURVEY,
    "/mailingListId": Kind.MAILING_LIST,
    "/contactId": Kind.CONTACT,
    "/recipients/mailingListId": Kind.MAILING_LIST,
    "/recipients/contactId": Kind.CONTACT,
}
SMS_ID_FIELDS: Final = {
    "/surveyId": Kind.SURVEY,
    "/message/libraryId": Kind.LIBRARY,
    "/message/messageId": Kind.MESSAGE,
    "/recipients/mailingListId": Kind.MAILING_LIST,
    "/recipients/contactId": Kind.CONTACT,
    "/parentDistributionId": Kind.DISTRIBUTION,
}
