"""Answers of the sandbox calls."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from channels.models import SandboxMessage
from contacts.channel import Channel
from distributor.api.wire import Document, Page


class SandboxItem(Document):
    """One message. `html`, `subject` and `headers` are empty unless it is an e-mail."""

    id: int = Field(description="The number of the message.", examples=[1042])
    channel: Channel = Field(description="The channel.", examples=["email"])
    to: str = Field(
        description="The recipient's e-mail address, or phone number in E.164.", examples=["ann@example.com"]
    )
    to_name: str = Field(description="The recipient's name.", examples=["Ann Ono"])
    sender: str = Field(
        validation_alias="from",
        serialization_alias="from",
        description="The sender.",
        examples=["ACME <surveys@example.com>"],
    )
    subject: str = Field(description="The subject.", examples=["Your stay"])
    html: str = Field(
        description="The HTML part.", examples=['<a href="https://dist.example.com/p/Xk3vQ9bTz1Lm">Answer</a>']
    )
    text: str = Field(
        description="The message, or the plain-text part.", examples=["Answer: https://dist.example.com/p/Xk3vQ9bTz1Lm"]
    )
    headers: dict[str, str] = Field(
        description="The headers of the e-mail.", examples=[{"List-Unsubscribe": "<https://dist.example.com/u/…>"}]
    )
    attempt_id: str = Field(
        description="The id of the attempt, as providers get it.", examples=["5f0e3c1b9a7d42868c1f0a6b3d9e2471"]
    )
    distribution_id: str = Field(
        description="The id of the distribution.", examples=["0194c4f0-9f33-7a77-b2c3-d4e5f6071829"]
    )
    provider_id: UUID = Field(description="The provider account.", examples=["0194c4f0-6c52-7c3e-9a53-5c1a3d0e7f42"])
    received_at: datetime = Field(description="When the message was handed over.", examples=["2026-03-05T08:00:00Z"])


class SandboxPage(Page[SandboxItem]):
    """Messages, newest first."""


def render_message(message: SandboxMessage) -> dict[str, Any]:
    return SandboxItem(
        id=message.id,
        channel=Channel(message.channel),
        to=message.to,
        to_name=message.to_name,
        sender=message.sender,
        subject=message.subject,
        html=message.html,
        text=message.text,
        headers=message.headers,
        attempt_id=message.attempt_id,
        distribution_id=message.group_id,
        provider_id=message.provider_account_id,
        received_at=message.received_at,
    ).rendered()
