"""Validation of addresses that operators enter."""

from django.core.exceptions import ValidationError

from contacts.addresses import is_email, spell_email
from contacts.phone_numbers import normalize_phone


def validated_email(email: str) -> str:
    """Return the address as it is stored, an international domain in punycode."""
    spelled = spell_email(email)
    if not is_email(spelled):
        raise ValidationError("Enter an e-mail address such as ann@example.com.")
    return spelled


def validated_phone(phone: str, region: str) -> str:
    """Return the number in E.164. `region` is the country of numbers without a country code; it may be empty."""
    normalized = normalize_phone(phone, region)
    if normalized is None:
        raise ValidationError("Enter a phone number with “+” and a country code, for example +48601234567.")
    return normalized
