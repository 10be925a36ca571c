"""Suppressing an address."""

from uuid import UUID

from contacts.addresses import is_email, spell_email
from contacts.channel import Channel
from contacts.models import Suppression
from contacts.models.suppression import SuppressionReason
from contacts.phone_numbers import normalize_phone

_PHONE_MAX_LENGTH = 64  # as written, with spaces and brackets


def spell_address(channel: str, address: str, region: str) -> str | None:
    """The one spelling that sends compare with, lower-case or E.164; None for what is no address.

    `region` is the ISO 3166 country of numbers written without a country code.
    """
    if channel == Channel.EMAIL:
        email = spell_email(address)
        return email.lower() if is_email(email) else None
    address = address.strip()
    return normalize_phone(address, region) if len(address) <= _PHONE_MAX_LENGTH else None


def suppress_address(
    organization_id: UUID, channel: str, address: str, reason: SuppressionReason, source: str
) -> tuple[Suppression, bool]:
    """The suppression of an address in its one spelling for a reason, and whether it is new; the first source stays."""
    made = Suppression(
        organization_id=organization_id, channel=channel, address=address, reason=reason.value, source=source
    )
    Suppression.objects.bulk_create([made], ignore_conflicts=True)
    row = Suppression.objects.get(
        organization_id=organization_id, channel=channel, address=address, reason=reason.value
    )
    return row, row.pk == made.pk
