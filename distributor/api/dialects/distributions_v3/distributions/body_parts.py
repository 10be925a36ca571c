"""Parts that several bodies of `/distributions` have in common."""

from typing import Annotated, Final, Literal, Self

from pydantic import Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from distributor.api.dialects.distributions_v3.ids import Kind
from distributor.api.dialects.distributions_v3.wire import (
    BLANK_IS_NONE,
    ContactIdOrNone,
    LibraryIdOrNone,
    MailingListIdOrNone,
    MessageId,
    SurveyId,
)
from distributor.api.fields import NULL_IS_DEFAULT, DataFault, Email, Line255, Moment, Subject
from distributor.api.wire import Body

LinkTypeName = Annotated[Literal["Individual", "Multiple", "Anonymous"], NULL_IS_DEFAULT]
_MOMENT_OR_BLANK = {"anyOf": [{"type": "string", "format": "date-time"}, {"const": ""}, {"type": "null"}]}
MomentOrNone = Annotated[Moment | None, BLANK_IS_NONE, WithJsonSchema(_MOMENT_OR_BLANK)]
DryRun = Annotated[bool, NULL_IS_DEFAULT]

DRY_RUN: Final = "Extension: answer what the call would do, and change nothing."
LINK_TYPE: Final = (
    "Link type. `Individual`: a link takes one response. `Multiple`: a link takes several responses. `Anonymous`: "
    "responses are not tied to a contact."
)
SEND_DATE: Final = "When to send, ISO 8601. A time without an offset is UTC. Omit to send now."
NO_RECIPIENTS: Final = ("no_recipients", "Give a mailingListId, a contactId or both.")


class MessageBody(Body):
    """A message of the library, which is a template."""

    library_id: LibraryIdOrNone = Field(None, description="Id of the library.", examples=[Kind.LIBRARY.example])
    message_id: MessageId = Field(description="Id of the message.", examples=[Kind.MESSAGE.example])


class RecipientsBody(Body):
    """A mailing list, one contact of a mailing list, or any one contact."""

    mailing_list_id: MailingListIdOrNone = Field(
        None, description="Id of the mailing list.", examples=[Kind.MAILING_LIST.example]
    )
    contact_id: ContactIdOrNone = Field(
        None,
        description="Id of one contact, who must be on the mailing list if given.",
        examples=[Kind.CONTACT.example],
    )

    @model_validator(mode="after")
    def _require_recipients(self) -> Self:
        if self.mailing_list_id is None and self.contact_id is None:
            raise inconsistent((), *NO_RECIPIENTS)
        return self


class HeaderBody(Body):
    """Sender and subject for this distribution, instead of the account's and the message's."""

    from_email: Email | None = Field(default=None, description="Sender address.", examples=["survey@example.com"])
    from_name: Line255 | None = Field(default=None, description="Sender name.", examples=["Example Hospital"])
    reply_to_email: Email | None = Field(default=None, description="Reply-to address.", examples=["care@example.com"])
    subject: Subject = Field(
        default="",
        description="Subject. It may have placeholders.",
        examples=["${contact:firstName|Hello}, how are you?"],
    )


class SurveyLinkBody(Body):
    """The survey and the kind of links."""

    survey_id: SurveyId = Field(description="Id of the survey.", examples=[Kind.SURVEY.example])
    expiration_date: MomentOrNone = Field(
        None,
        description="When the links close, ISO 8601. A time without an offset is UTC.",
        examples=["2030-01-31T00:00:00Z"],
    )
    type: LinkTypeName = Field("Individual", description=LINK_TYPE, examples=["Individual"])


def inconsistent(path: tuple[str, ...], code: str, text: str) -> PydanticCustomError:
    """Return the error of a body whose fields do not fit together."""
    fault = DataFault(path, code, text)
    return PydanticCustomError("invalid_data", "The fields do not fit together.", {"faults": [fault]})
