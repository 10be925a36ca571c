"""Body and answer of a single send, with the published fields. Unknown keys are ignored.

A null in an optional field is the same as leaving the field out.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, AliasChoices, ConfigDict, Field, model_validator, with_config
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from distributor.api.bodies.fields import (
    E164,
    NULL_IS_DEFAULT,
    DataFault,
    Email,
    Identifier,
    Line255,
    Locale,
    MomentOrNone,
    check_data,
)
from distributor.api.wire import Document, LenientBody

MAX_RECIPIENTS = 1_000
MAX_URL_LENGTH = 2_000
# The reserved attributes and their maximum lengths: the first two are published, the others are ours.
TEXT_LENGTHS = {
    "email_subject": 150,
    "intro_message": 300,
    "thank_you_message": 10_000,
    "thank_you_link_text": 255,
    "thank_you_link_url": MAX_URL_LENGTH,
}
# The address that each channel needs, and the fault if it is missing.
REQUIRED_ADDRESSES: Final[Mapping[str, tuple[Literal["email", "phone_number"], tuple[str, str]]]] = {
    "email": ("email", ("email_required", "The email channel needs an e-mail address.")),
    "sms": ("phone_number", ("phone_number_required", "The sms channel needs a phone number.")),
    "whatsapp": ("phone_number", ("phone_number_required", "The whatsapp channel needs a phone number.")),
}


class _Wire(LenientBody):
    model_config = ConfigDict(alias_generator=None)


class _Answer(Document):
    model_config = ConfigDict(alias_generator=None)


def _check_attributes(attributes: dict[str, Any]) -> dict[str, Any]:
    """Check that the data can be stored, and the limits of reserved attributes. Reports every fault at once."""
    faults = [fault for key in TEXT_LENGTHS.keys() & attributes.keys() for fault in _text_faults(key, attributes[key])]
    try:
        check_data(attributes)
    except PydanticCustomError as error:
        known_paths = {fault.path for fault in faults}
        faults += [fault for fault in (error.context or {})["faults"] if fault.path not in known_paths]
    if faults:
        raise PydanticCustomError("invalid_data", "An attribute cannot be used.", {"faults": faults})
    return attributes


def _text_faults(key: str, text: Any) -> list[DataFault]:
    if text is None:
        return []
    if not isinstance(text, str):
        return [DataFault((key,), "string_type", "Must be text.")]
    if len(text) > TEXT_LENGTHS[key]:
        return [DataFault((key,), "string_too_long", f"Must be at most {TEXT_LENGTHS[key]:,} characters long.")]
    if key in ("email_subject", "thank_you_link_text") and ("\r" in text or "\n" in text):
        return [DataFault((key,), "not_one_line", "Must not contain line breaks.")]
    if key == "thank_you_link_url" and text and not _is_web_address(text):
        return [DataFault((key,), "invalid_url", "Must be an http or https URL.")]
    return []


def _is_web_address(text: str) -> bool:
    """Return whether it is safe to link to: a `javascript:` URL would run in the respondent's browser."""
    if not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


@with_config(_Wire.model_config)
class SingleSendRecipient(TypedDict, total=False):
    """A recipient. Blank text is the same as no text."""

    email: Annotated[
        Email | None,
        Field(description="E-mail address. Required if `channel` is `email`.", examples=["jane@example.com"]),
    ]
    phone_number: Annotated[
        E164 | None,
        Field(
            description="Phone number in E.164. Required if `channel` is `sms` or `whatsapp`.",
            examples=["+17132746524"],
        ),
    ]
    name: Annotated[Line255 | None, Field(description="Full name, used in the greeting.", examples=["Jane Doe"])]
    locale: Annotated[
        Locale | None,
        Field(
            description="Locale of the survey: a language and an optional country, for example `pl` or `zh-CN`. "
            "Defaults to the form's locale.",
            examples=["pl"],
        ),
    ]
    attributes: Annotated[
        Annotated[dict[str, Any], AfterValidator(_check_attributes)] | None,
        Field(
            description=f"Data of your own, saved with the response. Reserved keys: {', '.join(TEXT_LENGTHS)}.",
            examples=[{"plan": "pro", "country": "US", "email_subject": "We would love your feedback!"}],
        ),
    ]
    last_sent_at: Annotated[
        MomentOrNone,
        Field(
            description="When the recipient was last surveyed, ISO 8601. Throttling uses it instead of our own record.",
            examples=["2024-08-01T09:00:00Z"],
        ),
    ]


class SingleSend(_Wire):
    """A survey to send to recipients by one channel."""

    form_id: Annotated[
        Identifier,
        Field(description="Id of the survey to send.", examples=["0195e3a1-0000-7000-8000-000000000001"]),
    ]
    recipients: Annotated[
        list[SingleSendRecipient],
        Field(min_length=1, max_length=MAX_RECIPIENTS, description="1 to 1,000 recipients."),
    ]
    channel: Annotated[
        Literal["email", "sms", "whatsapp"], NULL_IS_DEFAULT, Field(description="Channel.", examples=["email"])
    ] = "email"
    send: Annotated[
        bool,
        NULL_IS_DEFAULT,
        Field(description="With false, recipients get a link and nothing is sent.", examples=[True]),
    ] = True
    scheduled_at: MomentOrNone = Field(
        None,
        description="When to send, ISO 8601 in UTC. Ignored if `send` is false. Omit to send now.",
        examples=["2030-09-01T09:00:00Z"],
    )
    expires_at: MomentOrNone = Field(
        None, description="When the links close, ISO 8601 in UTC.", examples=["2030-09-15T23:59:59Z"]
    )
    type: Annotated[
        Literal["one_time", "anonymous"],
        NULL_IS_DEFAULT,
        Field(
            description="Link type. `one_time`: each link takes one response. `anonymous`: responses are not tied to "
            "the recipient.",
            examples=["one_time"],
        ),
    ] = "one_time"
    # Also in this dialect's own spelling: an unknown key is ignored, and the call would send.
    dry_run: Annotated[
        bool,
        NULL_IS_DEFAULT,
        Field(
            validation_alias=AliasChoices("dryRun", "dry_run"),
            serialization_alias="dryRun",  # the name in the schema
            description="Extension: answer what the call would do, and change nothing. `dry_run` works too.",
            examples=[False],
        ),
    ] = False

    @model_validator(mode="after")
    def _require_addresses(self) -> Self:
        field, fault = REQUIRED_ADDRESSES[self.channel]
        faults = [
            DataFault(("recipients", position, field), *fault)
            for position, recipient in enumerate(self.recipients)
            if not recipient.get(field)
        ]
        if faults:
            raise PydanticCustomError("invalid_data", "A recipient has no address.", {"faults": faults})
        return self


class SingleSendItem(_Answer):
    """A recipient with its link. `email` and `phone_number` are present only if they were given."""

    email: str | None = Field(None, description="E-mail address, as given.", examples=["jane@example.com"])
    phone_number: str | None = Field(None, description="Phone number, as given.", examples=["+17132746524"])
    name: str | None = Field(description="Full name, as given.", examples=["Jane Doe"])
    channel: str = Field(description="Channel.", examples=["email"])
    locale: str = Field(description="Locale of the survey.", examples=["pl"])
    link: str = Field(description="The recipient's link.", examples=["https://surveys.example.com/p/aBcDeFgH1234"])
    scheduled_at: str | None = Field(
        description="When to send, ISO 8601 in UTC with microseconds. Null if it was not given or `send` is false.",
        examples=["2024-09-01T09:00:00.000000Z"],
    )
    expires_at: str | None = Field(
        description="When the link closes, ISO 8601 in UTC with microseconds.", examples=["2024-09-15T23:59:59.000000Z"]
    )
    type: str = Field(description="Link type.", examples=["one_time"])
    attributes: dict[str, Any] = Field(
        description="The attributes, as given.", examples=[{"plan": "pro", "country": "US"}]
    )


class SingleSendSkipped(_Answer):
    """A recipient who gets no link (extension)."""

    email: str | None = Field(None, description="E-mail address, as given.", examples=["jane@example.com"])
    phone_number: str | None = Field(None, description="Phone number, as given.", examples=["+17132746524"])
    reason: str = Field(
        description="Reason code, for example `opted_out`, `suppressed`, `number_not_allowed` or `too_late`.",
        examples=["opted_out"],
    )
    detail: dict[str, Any] = Field(
        description="Data that the reason is based on.", examples=[{"since": "2026-03-05T09:00:00+00:00"}]
    )


class SingleSendAnswer(_Answer):
    """The recipients with their links."""

    items: list[SingleSendItem] = Field(description="One item for each recipient.")
    skipped: list[SingleSendSkipped] = Field(
        [], description="Extension: recipients who get no link, and why. Present only if there are any."
    )
