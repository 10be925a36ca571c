"""The quick dialect's body, field by field as published; what a body holds beyond them is ignored, as there.

An optional field that is null counts as not given.
"""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, with_config
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from distributor.api.fields import (
    NULL_IS_DEFAULT,
    DataFault,
    Email,
    EmbeddedData,
    Identifier,
    Line255,
    Moment,
    Phone,
)

MAX_CONTACTS = 1_000
MAX_CHANNELS = 10


NAMELESS = ("no_identifier", "One of externalId, contactId and email is needed.")
_WIRE = ConfigDict(alias_generator=to_camel, strict=True, extra="ignore", frozen=True)


class _Wire(BaseModel):
    model_config = _WIRE


def _none_if_blank(external_id: str) -> str | None:
    """An export pads a missing id with blanks, and all such people would become one."""
    return external_id if external_id and not external_id.isspace() else None


@with_config(_WIRE)
class QuickContact(TypedDict, total=False):
    """A contact to survey; at least one of externalId, contactId and email. A blank text counts as not given."""

    external_id: Annotated[Identifier, AfterValidator(_none_if_blank)] | None
    contact_id: UUID | None
    email: Email | None
    first_name: Line255 | None
    last_name: Line255 | None
    phone: Phone | None
    embedded_data: Annotated[EmbeddedData | None, Field(description="Read in texts as ${contact:key}.")]


def _each_is_named(contacts: list[QuickContact]) -> list[QuickContact]:
    nameless = [
        DataFault((position,), *NAMELESS)
        for position, contact in enumerate(contacts)
        if not (contact.get("external_id") or contact.get("contact_id") or contact.get("email"))
    ]
    if nameless:
        raise PydanticCustomError("invalid_data", "Somebody is not named.", {"faults": nameless})
    return contacts


class QuickChannel(_Wire):
    """How to send: the sender overrides hold for this distribution only."""

    channel: Literal["email", "sms", "whatsapp"]
    provider_id: UUID
    template_id: UUID
    priority: Annotated[int, Field(ge=1, le=10), NULL_IS_DEFAULT] = 1
    from_email: Email | None = None
    from_name: Line255 | None = None
    reply_to_email: Email | None = None
    fallback_delay_minutes: Annotated[int, Field(ge=0, le=525_600)] | None = None


class QuickSettings(_Wire):
    """Whom to leave out."""

    exclude_opted_out: Annotated[bool, NULL_IS_DEFAULT] = True
    respect_frequency_rules: Annotated[bool, NULL_IS_DEFAULT] = True
    exclude_recently_contacted: Annotated[bool, NULL_IS_DEFAULT] = False
    recent_contact_days: Annotated[int, Field(ge=1, le=365), NULL_IS_DEFAULT] = 30


class QuickDistribution(_Wire):
    """A survey to 1–1,000 contacts."""

    survey_id: UUID
    contacts: Annotated[
        list[QuickContact], Field(min_length=1, max_length=MAX_CONTACTS), AfterValidator(_each_is_named)
    ]
    channels: Annotated[list[QuickChannel], Field(min_length=1, max_length=MAX_CHANNELS)]
    channel_mode: Annotated[Literal["single", "multi"], NULL_IS_DEFAULT] = "single"
    scheduled_at: Moment | None = Field(None, description="Without an offset it means UTC. Omit to send now.")
    settings: Annotated[QuickSettings, NULL_IS_DEFAULT] = QuickSettings()
    name: Line255 | None = None
    dry_run: Annotated[
        bool, NULL_IS_DEFAULT, Field(description="An addition of ours: answer what would happen, and do nothing.")
    ] = False


class QuickPersonalLink(_Wire):
    external_id: str | None
    contact_id: UUID
    email: str | None
    personal_link_code: str = Field(description="The link is {base}/p/{code}.")


class QuickSkipped(_Wire):
    external_id: str | None
    contact_id: UUID
    email: str | None
    reason: str = Field(description="opted_out, suppressed, no_address, frequency_rule or recently_contacted")
    detail: dict[str, str | int] = Field(description="What the reason is based on.")
    text: str = Field(description="The same as a sentence, for people.")


class QuickAnswer(_Wire):
    """What was made. `skipped` is an addition of ours: every contact that is not among the recipients, and why."""

    distribution_id: UUID
    mailing_list_id: UUID
    recipient_count: int
    personal_links: list[QuickPersonalLink]
    status: Literal["sending", "scheduled"]
    skipped: list[QuickSkipped]
