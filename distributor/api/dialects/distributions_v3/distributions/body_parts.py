"""Parts that several bodies of `/distributions` have in common."""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from channels.models.template import MAX_TEXT_LENGTH
from distributor.api.bodies.fields import (
    NO_NUL,
    NULL_IS_DEFAULT,
    DataFault,
    Email,
    EmbeddedData,
    Line255,
    Moment,
    Subject,
    check_placeholders,
)
from distributor.api.dialects.distributions_v3.ids import Kind
from distributor.api.dialects.distributions_v3.piped_text import to_placeholders
from distributor.api.dialects.distributions_v3.wire import (
    BLANK_IS_NONE,
    ContactIdOrNone,
    DirectoryIdOrNone,
    LibraryIdOrNone,
    MailingListIdOrNone,
    MessageIdOrNone,
    SurveyId,
)
from distributor.api.wire import Body

LinkTypeName = Annotated[Literal["Individual", "Multiple", "Anonymous"], NULL_IS_DEFAULT]
_MOMENT_OR_BLANK = {"anyOf": [{"type": "string", "format": "date-time"}, {"const": ""}, {"type": "null"}]}
MomentOrNone = Annotated[Moment | None, BLANK_IS_NONE, WithJsonSchema(_MOMENT_OR_BLANK)]
DataOrNone = EmbeddedData | None
DryRun = Annotated[bool, NULL_IS_DEFAULT]

DRY_RUN: Final = "Extension: answer what the call would do, and change nothing."
EMBEDDED_DATA: Final = (
    "Data for this distribution, used in texts as `${e://Field/ward}`, in links and in responses. It is laid over what "
    "is known of each contact, which stays as it is."
)
LINK_TYPE: Final = (
    "Link type. `Individual`: a link takes one response. `Multiple`: a link takes several responses. `Anonymous`: "
    "responses are not tied to a contact."
)
SEND_DATE: Final = "When to send, ISO 8601. A time without an offset is UTC. Omit to send now."
NO_RECIPIENTS: Final = ("no_recipients", "Give a mailingListId, a contactId or both.")


def _refuse_transactions(value: Any) -> None:
    if value not in (None, ""):
        text = "Not supported. Name the recipients by mailingListId or contactId."
        raise PydanticCustomError("not_supported", "{text}", {"text": text})


def _check_text(text: str | None) -> str | None:
    """Return the text, None for a blank one, if all of its piped text is known."""
    check_placeholders(to_placeholders(text or "", is_html=True))  # what is unknown is so in HTML and in plain text
    return text if text and text.strip() else None


OwnText = Annotated[
    Annotated[str, StringConstraints(max_length=MAX_TEXT_LENGTH, pattern=NO_NUL)] | None, AfterValidator(_check_text)
]


def _translate_subject(subject: Any) -> Any:
    return to_placeholders(subject, is_html=False) if isinstance(subject, str) else subject


# Clients send all fields of the published body, with null in those that they do not use.
_Unused = Annotated[
    Any, AfterValidator(_refuse_transactions), WithJsonSchema({"anyOf": [{"const": ""}, {"type": "null"}]})
]


class DirectoryBody(Body):
    """A body that may name the directory."""

    directory_id: DirectoryIdOrNone = Field(
        None,
        description="Id of the organisation's directory. It changes nothing: there is one.",
        examples=[Kind.DIRECTORY.example],
    )


class MessageBody(Body):
    """A message of the library, which is a template, or a text of this send's own."""

    library_id: LibraryIdOrNone = Field(None, description="Id of the library.", examples=[Kind.LIBRARY.example])
    message_text: OwnText = Field(
        None,
        description="Text of this send, HTML or plain, instead of a message of the library; with both, the text is "
        "sent. Piped text is filled in: `${l://SurveyURL}`, `${l://SurveyLink?d=Answer}`, `${m://FirstName}`, "
        "`${e://Field/ward}`.",
        examples=["Hello ${m://FirstName}, how was your stay? ${l://SurveyURL}"],
    )

    message_id: MessageIdOrNone = Field(None, description="Id of the message.", examples=[Kind.MESSAGE.example])

    @model_validator(mode="before")
    @classmethod
    def _name_message(cls, given: Any) -> Any:
        """Give a message that is not named as null, so that its absence is a fault of the field, beside others."""
        return {"messageId": None, **given} if isinstance(given, dict) else given

    @field_validator("message_id")
    @classmethod
    def _require_message(cls, message_id: Any, info: ValidationInfo) -> Any:
        if message_id is None and info.data.get("message_text", "") is None:
            raise PydanticCustomError("missing", "Give a messageId or a messageText.")
        return message_id


class RecipientsBody(DirectoryBody):
    """A mailing list, one contact of a mailing list, or any one contact."""

    mailing_list_id: MailingListIdOrNone = Field(
        None, description="Id of the mailing list.", examples=[Kind.MAILING_LIST.example]
    )
    contact_id: ContactIdOrNone = Field(
        None,
        description="Id of one contact, who must be on the mailing list if given. `CGC_…` means the same contact.",
        examples=[Kind.CONTACT.example],
    )
    library_id: LibraryIdOrNone = Field(
        None, description="Id of the library. It changes nothing: there is one.", examples=[Kind.LIBRARY.example]
    )
    sample_id: _Unused = Field(None, description="Must be null: samples are not supported.", examples=[None])
    transaction_id: _Unused = Field(None, description="Must be null: transactions are not supported.", examples=[None])
    transaction_batch_id: _Unused = Field(
        None, description="Must be null: batches of transactions are not supported.", examples=[None]
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
    subject: Annotated[Subject, BeforeValidator(_translate_subject)] = Field(
        default="",
        description="Subject, which may have placeholders or piped text. Or the id of a message, `MS_…`: its subject "
        "in the survey's language.",
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
