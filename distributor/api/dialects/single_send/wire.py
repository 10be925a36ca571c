"""The single-send dialect's body and answer, field by field as published; keys beyond them are ignored.

An optional field that is null counts as not given.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, AliasChoices, BaseModel, ConfigDict, Field, model_validator, with_config
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from distributor.api.fields import (
    E164,
    NULL_IS_DEFAULT,
    DataFault,
    Email,
    Identifier,
    Line255,
    Locale,
    Moment,
    check_data,
)

MAX_RECIPIENTS = 1_000
MAX_URL_LENGTH = 2_000
# The reserved keys with the most characters that each may have: the first two as published, the others ours.
TEXT_LENGTHS = {
    "email_subject": 150,
    "intro_message": 300,
    "thank_you_message": 10_000,
    "thank_you_link_text": 255,
    "thank_you_link_url": MAX_URL_LENGTH,
}
# The address that a channel needs, and the fault where it is missing.
NEEDED: Final[Mapping[str, tuple[Literal["email", "phone_number"], tuple[str, str]]]] = {
    "email": ("email", ("email_required", "The channel email needs an e-mail address.")),
    "sms": ("phone_number", ("phone_number_required", "The channel sms needs a phone number.")),
    "whatsapp": ("phone_number", ("phone_number_required", "The channel whatsapp needs a phone number.")),
}
_WIRE = ConfigDict(strict=True, extra="ignore", frozen=True)


class _Wire(BaseModel):
    model_config = _WIRE


def _check_attributes(attributes: dict[str, Any]) -> dict[str, Any]:
    """Data that can be stored, with texts within their limits under the reserved keys; null counts as not given."""
    faults = [fault for key in TEXT_LENGTHS.keys() & attributes.keys() for fault in _text_faults(key, attributes[key])]
    try:
        check_data(attributes)
    except PydanticCustomError as error:
        told = {fault.path for fault in faults}
        faults += [fault for fault in (error.context or {})["faults"] if fault.path not in told]
    if faults:
        raise PydanticCustomError("invalid_data", "A text cannot be used.", {"faults": faults})
    return attributes


def _text_faults(key: str, text: Any) -> list[DataFault]:
    if text is None:
        return []
    if not isinstance(text, str):
        return [DataFault((key,), "string_type", "This is no text.")]
    if len(text) > TEXT_LENGTHS[key]:
        return [DataFault((key,), "string_too_long", f"This is longer than {TEXT_LENGTHS[key]:,} characters.")]
    if key in ("email_subject", "thank_you_link_text") and ("\r" in text or "\n" in text):
        return [DataFault((key,), "not_one_line", "Line breaks are not allowed here.")]
    if key == "thank_you_link_url" and text and not _is_web_address(text):
        return [DataFault((key,), "invalid_url", "This is no http or https address.")]
    return []


def _is_web_address(text: str) -> bool:
    """Whether a page may link to it: `javascript:` and its like run in the page of who clicks."""
    if not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


@with_config(_WIRE)
class SingleSendRecipient(TypedDict, total=False):
    """Somebody to send to. A blank text counts as not given."""

    email: Email | None
    phone_number: E164 | None
    name: Line255 | None
    locale: Annotated[Locale | None, Field(description="Such as pl or zh-CN; by default the form's.")]
    attributes: Annotated[
        Annotated[dict[str, Any], AfterValidator(_check_attributes)] | None,
        Field(description="Stored beside the response. Reserved keys: " + ", ".join(TEXT_LENGTHS) + "."),
    ]
    last_sent_at: Annotated[Moment | None, Field(description="When last surveyed: the throttle's baseline.")]


class SingleSend(_Wire):
    """A survey to 1–1,000 recipients by one channel."""

    form_id: Annotated[Identifier, Field(description="The survey's id.")]
    recipients: Annotated[list[SingleSendRecipient], Field(min_length=1, max_length=MAX_RECIPIENTS)]
    channel: Annotated[Literal["email", "sms", "whatsapp"], NULL_IS_DEFAULT] = "email"
    send: Annotated[bool, NULL_IS_DEFAULT] = True
    scheduled_at: Moment | None = Field(None, description="In UTC. Ignored when send is false. Omit to send now.")
    expires_at: Moment | None = Field(None, description="In UTC. From then on links are closed.")
    type: Annotated[Literal["one_time", "anonymous"], NULL_IS_DEFAULT] = "one_time"
    # In this dialect's own spelling as well: a key that is not known is ignored, and the call would send.
    dry_run: Annotated[
        bool,
        NULL_IS_DEFAULT,
        Field(
            validation_alias=AliasChoices("dryRun", "dry_run"),
            serialization_alias="dryRun",  # what the schema shows
            description="An addition of ours: answer what would happen, and do nothing. Also `dry_run`.",
        ),
    ] = False

    @model_validator(mode="after")
    def _each_has_the_address_of_the_channel(self) -> Self:
        needed, fault = NEEDED[self.channel]
        lacking = [
            DataFault(("recipients", position, needed), *fault)
            for position, recipient in enumerate(self.recipients)
            if not recipient.get(needed)
        ]
        if lacking:
            raise PydanticCustomError("invalid_data", "Somebody has no address.", {"faults": lacking})
        return self


class SingleSendItem(BaseModel):
    """A recipient with its link. Of `email` and `phone_number` those are there that were given."""

    email: str | None = None
    phone_number: str | None = None
    name: str | None
    channel: str
    locale: str
    link: str
    scheduled_at: str | None = Field(description="With six digits of a second: 2024-09-01T09:00:00.000000Z")
    expires_at: str | None
    type: str
    attributes: dict[str, Any]


class SingleSendSkipped(BaseModel):
    email: str | None = None
    phone_number: str | None = None
    reason: str = Field(description="Such as opted_out, suppressed, frequency_rule or too_late")
    detail: dict[str, Any]


class SingleSendAnswer(BaseModel):
    """The links. `skipped` is an addition of ours, and there only if somebody was."""

    items: list[SingleSendItem]
    skipped: list[SingleSendSkipped] = Field([], description="Who gets no link, and why.")
