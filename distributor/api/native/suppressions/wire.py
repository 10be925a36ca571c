"""Bodies and answers of the suppression calls."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from contacts.channel import Channel
from contacts.models.suppression import SuppressionReason
from distributor.api.bodies.fields import Line, NullIfBlank
from distributor.api.wire import Body, Document, Page


class SuppressionBody(Body):
    """An address to suppress on one channel."""

    channel: Channel = Field(description="The channel.", examples=["email"])
    address: str = Field(
        description="An e-mail address, or for SMS and WhatsApp a phone number.", examples=["ann@example.com"]
    )
    reason: SuppressionReason = Field(
        SuppressionReason.MANUAL, description="Why the address is suppressed.", examples=["complaint"]
    )
    source: Line = Field("", description="Where you know it from.", examples=["A letter of 5 March"])


class SuppressionDocument(Document):
    """An address that is never written to on a channel."""

    id: UUID = Field(description="The id of the suppression.", examples=["0194c4f0-8e22-7f66-a1b2-c3d4e5f60718"])
    channel: Channel = Field(description="The channel.", examples=["email"])
    address: str = Field(
        description="The e-mail address in lower case, or the phone number in E.164.", examples=["ann@example.com"]
    )
    reason: SuppressionReason = Field(description="Why the address is suppressed.", examples=["complaint"])
    source: NullIfBlank = Field(description="Where the suppression comes from.", examples=["A letter of 5 March"])
    created_at: datetime = Field(description="When the address was suppressed.", examples=["2026-03-05T08:00:00Z"])


class SuppressionPage(Page[SuppressionDocument]):
    """Suppressions, newest first."""
