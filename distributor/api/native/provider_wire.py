"""What is said of a provider account, and what is answered."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from channels.models import ProviderAccount
from channels.providers.registry import PROVIDERS, provider_class
from contacts.channel import Channel
from contacts.models import Organization
from distributor.api.fields import NO_NUL, EmbeddedData
from distributor.api.native.shapes import Body, Document, EmailOrNone, Line, Name, NoneIfBlank
from distributor.api.problems import Fault
from distributor.api.validation import json_pointer

MAX_INTEGER = 2**31 - 1
Secret = Annotated[str, StringConstraints(max_length=4096, pattern=NO_NUL)]
Credentials = Annotated[dict[str, Secret | None], Field(max_length=20)]


class ProviderChanges(Body):
    """What to change. Kind and channel are fixed. null clears a text."""

    name: Name = ""
    from_email: EmailOrNone = Field("", description="E-mail only: the default sender.")
    from_name: Line = ""
    reply_to_email: EmailOrNone = ""
    configuration: EmbeddedData = Field(
        default_factory=dict, description="What is not secret, by kind. Changed key by key; null removes a key."
    )
    credentials: Credentials = Field(
        default_factory=dict, description="By name. Kept encrypted and never shown; null removes one."
    )
    is_active: bool = True
    rate_per_second: Annotated[float, Field(ge=0.01, le=1_000_000, allow_inf_nan=False)] | None = Field(
        None, description="Messages; null: no limit."
    )
    daily_limit: Annotated[int, Field(ge=1, le=MAX_INTEGER)] | None = Field(
        None, description="Messages a day (UTC); null: no limit."
    )
    urgent_reserve_percent: Annotated[int, Field(ge=0, le=90)] = Field(
        10, description="The share of both limits that is kept for small, urgent sends."
    )
    stand_in_id: UUID | None = Field(
        None, description="Another account of the channel, which sends what this one cannot; null: nobody."
    )


class ProviderBody(ProviderChanges):
    """An account to make."""

    name: Name
    kind: str = Field(json_schema_extra={"enum": list(PROVIDERS)})
    channel: Channel


class ProviderDocument(Document):
    id: UUID
    name: str
    kind: str
    channel: Channel
    from_email: NoneIfBlank
    from_name: NoneIfBlank
    reply_to_email: NoneIfBlank
    configuration: dict[str, Any]
    credential_names: list[str] = Field(description="Which credentials are set; what they are is not shown.")
    is_active: bool
    rate_per_second: float | None
    daily_limit: int | None
    urgent_reserve_percent: int
    stand_in_id: UUID | None
    created_at: datetime


class ProviderPage(Document):
    """Newest first."""

    items: list[ProviderDocument]
    next_cursor: str | None


def render_provider(account: ProviderAccount) -> dict[str, Any]:
    return ProviderDocument(
        id=account.pk,
        name=account.name,
        kind=account.kind,
        channel=Channel(account.channel),
        from_email=account.from_email,
        from_name=account.from_name,
        reply_to_email=account.reply_to_email,
        configuration=account.configuration,
        credential_names=sorted(account.credentials),
        is_active=account.is_active,
        rate_per_second=account.rate_per_second,
        daily_limit=account.daily_limit,
        urgent_reserve_percent=account.urgent_reserve_percent,
        stand_in_id=account.stand_in_id,
        created_at=account.created_at,
    ).model_dump(by_alias=True)


def account_check(
    organization: Organization, account: ProviderAccount | None
) -> Callable[[dict[str, Any]], Iterator[Fault]]:
    """What a provider finds wrong with its account as it would be; None: one that is made."""

    def check(given: dict[str, Any]) -> Iterator[Fault]:
        if account is not None:
            for name in given.keys() & {"kind", "channel"}:
                yield Fault(f"/{name}", "fixed_after_creation", f"An account keeps its {name}.")
        yield from _stand_in_faults(organization, account, given)
        kind = account.kind if account else given.get("kind")
        channel = account.channel if account else given.get("channel")
        if not isinstance(kind, str) or kind not in PROVIDERS:
            if isinstance(kind, str):
                yield Fault("/kind", "unknown_kind", f"A kind is one of {', '.join(PROVIDERS)}.")
            return
        if channel in list(Channel) and channel not in provider_class(kind).channels:
            yield Fault("/channel", "wrong_channel", f"{provider_class(kind).label} does not send {channel}.")
        yield from _credential_faults(kind, given)
        configuration = given.get("configuration", {})
        if isinstance(configuration, dict) and (account is None or "configuration" in given):
            yield from name_faults(kind, merged(account.configuration if account else {}, configuration))

    return check


def name_faults(kind: str, configuration: dict[str, Any]) -> Iterator[Fault]:
    """The provider's faults, each with a pointer to the name that it is about."""
    for fault in provider_class(kind).configuration_faults(configuration):
        path = ("configuration", fault.field) if fault.field else ("configuration",)
        yield Fault(json_pointer(path), "invalid_configuration", fault.message)


def merged(stored: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Key by key; null removes."""
    return {name: value for name, value in {**stored, **given}.items() if value is not None}


def _stand_in_faults(
    organization: Organization, account: ProviderAccount | None, given: dict[str, Any]
) -> Iterator[Fault]:
    channel = account.channel if account else given.get("channel")
    try:
        wanted = UUID(given["standInId"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return  # nobody, or a fault of the field's own
    if channel not in list(Channel):
        return
    found = ProviderAccount.objects.filter(organization=organization, channel=channel, pk=wanted).first()
    if found is None or found == account:
        yield Fault("/standInId", "provider_not_found", "There is no other provider of this channel with this id.")


def _credential_faults(kind: str, given: dict[str, Any]) -> Iterator[Fault]:
    credentials = given.get("credentials")
    known = provider_class(kind).credential_names
    for name in credentials if isinstance(credentials, dict) else ():
        if name not in known:
            meant = ", ".join(known) or "none"
            yield Fault(json_pointer(("credentials", name)), "unknown_credential", f"The credentials are: {meant}.")
