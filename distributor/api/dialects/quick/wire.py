"""Body and answer of a quick distribution, with the published fields. Unknown keys are ignored, with a warning.

A null in an optional field is the same as leaving the field out.
"""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, with_config
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from distributor.api.answers.problems import FaultDocument
from distributor.api.bodies.fields import (
    NULL_IS_DEFAULT,
    DataFault,
    Email,
    EmbeddedData,
    Identifier,
    Line255,
    MomentOrNone,
    Phone,
)
from distributor.api.wire import LenientBody

MAX_CONTACTS = 1_000
MAX_CHANNELS = 10

NO_IDENTIFIER = ("no_identifier", "Each contact needs an externalId, contactId or email.")
_SURVEY_ID = "0195e3a1-0000-7000-8000-000000000001"
_CONTACT_ID = "0195e3a1-0000-7000-8000-000000000002"


def _none_if_blank(external_id: str) -> str | None:
    """Treat an id of spaces as absent: exports pad missing ids, and all those people would become one contact."""
    return external_id if external_id and not external_id.isspace() else None


@with_config(LenientBody.model_config)
class QuickContact(TypedDict, total=False):
    """A contact to survey. Needs an externalId, contactId or email. Blank text is the same as no text.

    A contact is found by contactId, else by externalId, else by email. With externalId or email, it is created if it
    does not exist.
    """

    external_id: Annotated[
        Annotated[Identifier, AfterValidator(_none_if_blank)] | None,
        Field(description="The contact's id in your system.", examples=["PAT-12345"]),
    ]
    contact_id: Annotated[
        UUID | None,
        Field(description="Id of an existing contact. An unknown id is a 404.", examples=[_CONTACT_ID]),
    ]
    email: Annotated[Email | None, Field(description="E-mail address.", examples=["john.doe@example.com"])]
    first_name: Annotated[Line255 | None, Field(description="First name.", examples=["John"])]
    last_name: Annotated[Line255 | None, Field(description="Last name.", examples=["Doe"])]
    phone: Annotated[
        Phone | None,
        Field(
            description="Phone number, saved in E.164. A number without a country code is read in the organisation's "
            "phone region.",
            examples=["+48601234567"],
        ),
    ]
    embedded_data: Annotated[
        EmbeddedData | None,
        Field(
            description="Data of your own, merged into the contact's. Templates read it as `${contact:key}`.",
            examples=[{"department": "Cardiology", "visitDate": "2026-03-05"}],
        ),
    ]


def _require_identifiers(contacts: list[QuickContact]) -> list[QuickContact]:
    faults = [
        DataFault((position,), *NO_IDENTIFIER)
        for position, contact in enumerate(contacts)
        if not (contact.get("external_id") or contact.get("contact_id") or contact.get("email"))
    ]
    if faults:
        raise PydanticCustomError("invalid_data", "Each contact needs an identifier.", {"faults": faults})
    return contacts


class QuickChannel(LenientBody):
    """A channel to send by. The sender overrides apply to this distribution only."""

    channel: Literal["email", "sms", "whatsapp"] = Field(description="Channel.", examples=["email"])
    provider_id: UUID = Field(
        description="Id of the organisation's provider account for this channel.",
        examples=["0195e3a1-0000-7000-8000-000000000003"],
    )
    template_id: UUID = Field(
        description="Id of the organisation's message template for this channel.",
        examples=["0195e3a1-0000-7000-8000-000000000004"],
    )
    priority: Annotated[
        int,
        Field(ge=1, le=10, description="Order of the channels; 1 comes first.", examples=[1]),
        NULL_IS_DEFAULT,
    ] = 1
    from_email: Email | None = Field(
        None, description="Sender address instead of the provider's; e-mail only.", examples=["survey@example.com"]
    )
    from_name: Line255 | None = Field(
        None, description="Sender name instead of the provider's.", examples=["Example Hospital"]
    )
    reply_to_email: Email | None = Field(
        None, description="Reply-to address instead of the provider's.", examples=["care@example.com"]
    )
    fallback_delay_minutes: Annotated[int, Field(ge=0, le=525_600)] | None = Field(
        None,
        description="With `channelMode: multi`, minutes without a response before the next channel is tried. Omit to "
        "try it only if this channel fails.",
        examples=[1440],
    )


class QuickSettings(LenientBody):
    """Contacts to leave out."""

    exclude_opted_out: Annotated[
        bool,
        NULL_IS_DEFAULT,
        Field(
            description="Skip contacts who have opted out. With false they get a link, but no message.", examples=[True]
        ),
    ] = True
    respect_frequency_rules: Annotated[
        bool,
        NULL_IS_DEFAULT,
        Field(description="Apply the organisation's minimum days between contacts.", examples=[True]),
    ] = True
    exclude_recently_contacted: Annotated[
        bool,
        NULL_IS_DEFAULT,
        Field(description="Skip contacts who were contacted within `recentContactDays`.", examples=[False]),
    ] = False
    recent_contact_days: Annotated[
        int,
        Field(ge=1, le=365, description="Number of days that count as recent.", examples=[30]),
        NULL_IS_DEFAULT,
    ] = 30


class QuickDistribution(LenientBody):
    """A survey to send to contacts."""

    survey_id: UUID = Field(description="Id of the survey, the same as in the path.", examples=[_SURVEY_ID])
    contacts: Annotated[
        list[QuickContact],
        Field(min_length=1, max_length=MAX_CONTACTS, description="1 to 1,000 contacts to survey."),
        AfterValidator(_require_identifiers),
    ]
    channels: Annotated[
        list[QuickChannel], Field(min_length=1, max_length=MAX_CHANNELS, description="1 to 10 channels to send by.")
    ]
    channel_mode: Annotated[
        Literal["single", "multi"],
        NULL_IS_DEFAULT,
        Field(
            description="`single` uses the first channel, by priority, that can reach the contact. `multi` tries the "
            "next channel if one fails or stays without a response.",
            examples=["single"],
        ),
    ] = "single"
    scheduled_at: MomentOrNone = Field(
        None,
        description="When to send, ISO 8601. A time without an offset is UTC. Omit to send now.",
        examples=["2030-03-05T09:00:00+01:00"],
    )
    settings: Annotated[
        QuickSettings, NULL_IS_DEFAULT, Field(description="Which contacts to leave out. Omit for the defaults.")
    ] = QuickSettings()
    name: Line255 | None = Field(
        None, description="Name of the distribution.", examples=["Post-discharge CSAT - March 2026"]
    )
    dry_run: Annotated[
        bool,
        NULL_IS_DEFAULT,
        Field(description="Extension: answer what the call would do, and change nothing.", examples=[False]),
    ] = False


class QuickPersonalLink(LenientBody):
    """A recipient's personal link."""

    external_id: str | None = Field(description="The contact's id in your system.", examples=["PAT-12345"])
    contact_id: UUID = Field(description="Id of the contact.", examples=[_CONTACT_ID])
    email: str | None = Field(description="E-mail address of the contact.", examples=["john.doe@example.com"])
    personal_link_code: str = Field(
        description="Code of the link, which is `{base}/p/{code}`.", examples=["aBcDeFgH1234"]
    )


class QuickSkipped(LenientBody):
    """A contact who was not made a recipient (extension)."""

    external_id: str | None = Field(description="The contact's id in your system.", examples=["PAT-12345"])
    contact_id: UUID = Field(description="Id of the contact.", examples=[_CONTACT_ID])
    email: str | None = Field(description="E-mail address of the contact.", examples=["john.doe@example.com"])
    reason: str = Field(
        description="Reason code: `opted_out`, `suppressed`, `number_not_allowed`, `no_address`, `frequency_rule` or"
        " `recently_contacted`.",
        examples=["opted_out"],
    )
    detail: dict[str, str | int] = Field(
        description="Data that the reason is based on.", examples=[{"since": "2026-03-05T09:00:00+00:00"}]
    )
    text: str = Field(
        description="The reason as a sentence for people.", examples=["skipped: the contact opted out 2 days ago"]
    )


class QuickAnswer(LenientBody):
    """The distribution, its personal links, and the contacts that were skipped."""

    distribution_id: UUID = Field(
        description="Id of the new distribution.", examples=["0195e3a1-0000-7000-8000-000000000010"]
    )
    mailing_list_id: UUID = Field(
        description="Id of the mailing list made for this distribution.",
        examples=["0195e3a1-0000-7000-8000-000000000011"],
    )
    recipient_count: int = Field(description="Number of recipients.", examples=[1])
    personal_links: list[QuickPersonalLink] = Field(description="One personal link for each recipient.")
    status: Literal["sending", "scheduled"] = Field(
        description="`scheduled` if `scheduledAt` is in the future, otherwise `sending`.", examples=["sending"]
    )
    skipped: list[QuickSkipped] = Field(description="Extension: contacts who are not recipients, and why.")
    warnings: list[FaultDocument] | None = Field(
        None,
        description="Extension: unknown keys of the body, which were ignored. Absent if there are none.",
        examples=[[{"pointer": "/scheduledat", "code": "unknown_key", "detail": "Did you mean scheduledAt?"}]],
    )
