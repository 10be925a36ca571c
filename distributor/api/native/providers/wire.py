"""Bodies and answers of the provider calls."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.utils import timezone
from pydantic import Field, StringConstraints

from channels.account_state.buckets import bucket_of
from channels.account_state.health import HealthStatus, health_of
from channels.models import ProviderAccount
from channels.providers.registry import PROVIDERS, account_faults
from contacts.channel import Channel
from distributor.api.bodies.fields import (
    NO_NUL,
    CurrencyOrNone,
    EmailOrNone,
    EmbeddedData,
    Line,
    Money,
    Name,
    NullIfBlank,
    Price,
)
from distributor.api.wire import Body, Document, Page
from distributor.engine.route.step_context import as_account

MAX_INTEGER = 2**31 - 1
_Secret = Annotated[str, StringConstraints(max_length=4096, pattern=NO_NUL)]
_Credentials = Annotated[dict[str, _Secret | None], Field(max_length=20)]
_CONFIGURATION = {"host": "mail.example.com", "port": 587, "security": "starttls"}


class ProviderChanges(Body):
    """The fields to change. Kind and channel cannot be changed. null clears a text."""

    name: Name = Field("", description="The name of the account.", examples=["Our mail server"])
    from_email: EmailOrNone = Field(
        "", description="The default sender address. E-mail only.", examples=["surveys@example.com"]
    )
    from_name: Line = Field("", description="The default sender name.", examples=["ACME"])
    reply_to_email: EmailOrNone = Field(
        "", description="The default reply-to address. E-mail only.", examples=["desk@example.com"]
    )
    configuration: EmbeddedData = Field(
        default_factory=dict,
        description="Settings that are not secret; the names depend on the kind. Changed key by key; null removes a "
        "key.",
        examples=[_CONFIGURATION],
    )
    credentials: _Credentials = Field(
        default_factory=dict,
        description="Secrets by name; the names depend on the kind. Stored encrypted and never returned. Changed key "
        "by key; null removes a key. Cleared when the account's address changes, unless the same call gives them.",
        examples=[{"username": "surveys", "password": "correct horse battery staple"}],
    )
    is_active: bool = Field(True, description="false: the account sends nothing.", examples=[True])
    rate_per_second: Annotated[float, Field(ge=0.01, le=1_000_000, allow_inf_nan=False)] | None = Field(
        None, description="The most messages per second; null: no limit.", examples=[20]
    )
    daily_limit: Annotated[int, Field(ge=1, le=MAX_INTEGER)] | None = Field(
        None, description="The most messages per day (UTC); null: no limit.", examples=[50000]
    )
    urgent_reserve_percent: Annotated[int, Field(ge=0, le=90)] = Field(
        10, description="The share of both limits that is reserved for small, urgent sends.", examples=[10]
    )
    unit_price: Price | None = Field(
        None,
        description="What an SMS segment, or an e-mail or WhatsApp message, costs. Dry runs add it up. null: unknown.",
        examples=["0.0345"],
    )
    price_currency: CurrencyOrNone = Field(
        "", description="The currency of `unitPrice`, as ISO 4217. Needed with a price.", examples=["EUR"]
    )
    stand_in_id: UUID | None = Field(
        None,
        description="Another account of the same channel that sends what this account cannot; null: none.",
        examples=["0194c4f0-6c52-7c3e-9a53-5c1a3d0e7f43"],
    )


class ProviderBody(ProviderChanges):
    """An account to create."""

    name: Name = Field(description="The name of the account.", examples=["Our mail server"])
    kind: str = Field(
        description="The provider. It cannot be changed.",
        examples=["smtp"],
        json_schema_extra={"enum": list(PROVIDERS)},
    )
    channel: Channel = Field(description="The channel of the account. It cannot be changed.", examples=["email"])


class RefusedSenderDocument(Document):
    """A sender that calls asked for and that the provider refuses. Messages with it wait; one a minute is a probe."""

    email: str = Field(description="The sender's address.", examples=["me@elsewhere.example"])
    since: datetime = Field(description="When it was first refused.", examples=["2026-01-20T10:31:00Z"])
    reason: str = Field(description="The provider's words.", examples=["550 5.7.1 Sender address not owned by user"])


class HealthDocument(Document):
    """Whether the account can send, and if not, why."""

    status: HealthStatus = Field(
        description="working, failing (the last calls failed), paused (the provider asked for it, or a quota is used "
        "up), broken (only probes are sent; messages wait or leave by the stand-in) or inactive (switched off)",
        examples=["broken"],
    )
    since: datetime | None = Field(
        description="When the trouble began; null while the account works.", examples=["2026-01-20T10:31:00Z"]
    )
    until: datetime | None = Field(
        description="When the account is used or probed again; null: now.", examples=["2026-01-20T10:46:00Z"]
    )
    reason: NullIfBlank = Field(
        description="For broken: the provider's or the network's words.", examples=["[Errno 111] Connection refused"]
    )
    refused_senders: list[RefusedSenderDocument] = Field(
        description="Senders of calls that the provider refuses although the account works.",
        examples=[
            [
                {
                    "email": "me@elsewhere.example",
                    "since": "2026-01-20T10:31:00Z",
                    "reason": "550 5.7.1 Sender address not owned by user",
                }
            ]
        ],
    )


class ProviderDocument(Document):
    """A provider account."""

    id: UUID = Field(description="The id of the account.", examples=["0194c4f0-6c52-7c3e-9a53-5c1a3d0e7f42"])
    name: str = Field(description="The name of the account.", examples=["Our mail server"])
    kind: str = Field(description="The provider.", examples=["smtp"])
    channel: Channel = Field(description="The channel of the account.", examples=["email"])
    from_email: NullIfBlank = Field(description="The default sender address.", examples=["surveys@example.com"])
    from_name: NullIfBlank = Field(description="The default sender name.", examples=["ACME"])
    reply_to_email: NullIfBlank = Field(description="The default reply-to address.", examples=["desk@example.com"])
    configuration: dict[str, Any] = Field(description="Settings that are not secret.", examples=[_CONFIGURATION])
    credential_names: list[str] = Field(
        description="The names of the credentials that are set. Their values are never returned.",
        examples=[["password", "username"]],
    )
    faults: list[str] = Field(
        description="What keeps the account from sending anything, in sentences; empty if nothing is known to.",
        examples=[["The auth_token is missing."]],
    )
    is_active: bool = Field(description="false: the account sends nothing.", examples=[True])
    is_default: bool = Field(
        description="Whether calls that name only the channel use this account. Operators choose it.", examples=[False]
    )
    rate_per_second: float | None = Field(description="The most messages per second; null: no limit.", examples=[20])
    daily_limit: int | None = Field(description="The most messages per day (UTC); null: no limit.", examples=[50000])
    urgent_reserve_percent: int = Field(
        description="The share of both limits that is reserved for small, urgent sends.", examples=[10]
    )
    unit_price: Money | None = Field(
        description="What an SMS segment, or an e-mail or WhatsApp message, costs; null: unknown.", examples=["0.0345"]
    )
    price_currency: NullIfBlank = Field(description="The currency of `unitPrice`.", examples=["EUR"])
    stand_in_id: UUID | None = Field(
        description="The account that sends what this account cannot; null: none.",
        examples=["0194c4f0-6c52-7c3e-9a53-5c1a3d0e7f43"],
    )
    created_at: datetime = Field(description="When the account was created.", examples=["2026-01-20T10:15:00Z"])
    health: HealthDocument = Field(description="How the account stands now, and since when.")


class ProviderPage(Page[ProviderDocument]):
    """Provider accounts, newest first."""


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
        faults=account_faults(account.kind, as_account(account)),
        is_active=account.is_active,
        is_default=account.is_default,
        rate_per_second=account.rate_per_second,
        daily_limit=account.daily_limit,
        urgent_reserve_percent=account.urgent_reserve_percent,
        unit_price=account.unit_price,
        price_currency=account.price_currency,
        stand_in_id=account.stand_in_id,
        created_at=account.created_at,
        health=_health_document(account),
    ).rendered()


def _health_document(account: ProviderAccount) -> HealthDocument:
    health = health_of(bucket_of(account), is_active=account.is_active, now=timezone.now())
    refused = sorted(account.refused_senders.all(), key=lambda each: each.email)
    return HealthDocument(
        status=health.status,
        since=health.since,
        until=health.until,
        reason=health.reason,
        refused_senders=[
            RefusedSenderDocument(email=each.email, since=each.since, reason=each.because) for each in refused
        ],
    )
