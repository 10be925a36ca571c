"""Bodies of `/distributions` and `/distributions/sms`, and their results."""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, RootModel, field_validator, model_validator
from pydantic_core import PydanticCustomError

from distributor.api.bodies.dry_run import PlanDocument
from distributor.api.bodies.fields import NULL_IS_DEFAULT, Line255
from distributor.api.dialects.distributions_v3.distributions.body_parts import (
    DRY_RUN,
    EMBEDDED_DATA,
    LINK_TYPE,
    NO_RECIPIENTS,
    SEND_DATE,
    DataOrNone,
    DirectoryBody,
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


class SendBody(DirectoryBody):
    """An e-mail to a mailing list or to one contact."""

    message: MessageBody = Field(description="Message to send.")
    recipients: RecipientsBody = Field(description="Mailing list or contact to send to.")
    header: Annotated[HeaderBody, NULL_IS_DEFAULT] = Field(
        HeaderBody(), description="Sender and subject. Omit for the account's and the message's own."
    )
    survey_link: SurveyLinkBody = Field(description="Survey and links.")
    embedded_data: DataOrNone = Field(None, description=EMBEDDED_DATA, examples=[{"ward": "B"}])
    send_date: MomentOrNone = Field(None, description=SEND_DATE, examples=["2030-01-21T09:00:00Z"])
    dry_run: DryRun = Field(False, description=DRY_RUN, examples=[False])


class LinksBody(DirectoryBody):
    """Links without messages, for a mailing list or for one contact; or one `Anonymous` link that is nobody's."""

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
    embedded_data: DataOrNone = Field(None, description=EMBEDDED_DATA, examples=[{"ward": "B"}])
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
        if self.is_for_nobody:
            if self.dry_run:
                text = "A link that is nobody's has no dry run: there is nobody to be judged."
                raise inconsistent(("dryRun",), "not_supported", text)
            return self
        if self.recipients is None and not has_top_level_ids:
            raise inconsistent(("mailingListId",), *NO_RECIPIENTS)
        if self.recipients is not None and has_top_level_ids:
            text = "Give either recipients, or mailingListId and contactId."
            raise inconsistent(("recipients",), "named_twice", text)
        return self

    @property
    def is_for_nobody(self) -> bool:
        """Whether it asks for one link that anybody may use."""
        is_named = self.recipients or self.mailing_list_id or self.contact_id
        return self.link_type == "Anonymous" and not is_named


class SmsBody(DirectoryBody):
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
    embedded_data: DataOrNone = Field(None, description=EMBEDDED_DATA, examples=[{"ward": "B"}])
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


class OpenLinkResult(Element):
    """A link that is nobody's."""

    url: str = Field(description="The link.", examples=["https://surveys.example.com/p/aBcDeFgH1234"])


class SentResult(Element):
    """The distribution that was created."""

    id: str = id_field(Kind.DISTRIBUTION, "Id of the distribution.")
    link: str | None = Field(
        default=None,
        description="Extension: if it goes to one contact, the contact's link. Null if the contact was left out.",
        examples=["https://surveys.example.com/p/aBcDeFgH1234"],
    )
    survey_link: OpenLinkResult | None = Field(
        default=None, description="The anonymous link that is nobody's, if the call asked for one."
    )


class SentOrPlanned(RootModel[SentResult | PlanDocument]):
    """The distribution that was created, or, for a dry run, the forecast."""


# The ids of each body, by their pointers.
_RECIPIENTS: Final = {
    "/directoryId": Kind.DIRECTORY,
    "/recipients/directoryId": Kind.DIRECTORY,
    "/recipients/libraryId": Kind.LIBRARY,
    "/recipients/mailingListId": Kind.MAILING_LIST,
    "/recipients/contactId": Kind.CONTACT,
}
SEND_ID_FIELDS: Final = {
    **_RECIPIENTS,
    "/message/libraryId": Kind.LIBRARY,
    "/message/messageId": Kind.MESSAGE,
    "/header/subject": Kind.MESSAGE,
    "/surveyLink/surveyId": Kind.SURVEY,
}
LINKS_ID_FIELDS: Final = {
    **_RECIPIENTS,
    "/surveyId": Kind.SURVEY,
    "/mailingListId": Kind.MAILING_LIST,
    "/contactId": Kind.CONTACT,
}
SMS_ID_FIELDS: Final = {
    **_RECIPIENTS,
    "/surveyId": Kind.SURVEY,
    "/message/libraryId": Kind.LIBRARY,
    "/message/messageId": Kind.MESSAGE,
    "/parentDistributionId": Kind.DISTRIBUTION,
}
