"""Addresses that operators enter and read."""

from django.core.exceptions import ValidationError

from contacts.addresses import email_in_unicode, is_email, spell_email
from contacts.phone_numbers import normalize_phone


def shown_address(address: str) -> str:
    """Return an address for reading: with an international domain as jan@bücher.example (jan@xn--bcher-kva.example)."""
    written = email_in_unicode(address)
    return f"{written} ({address})" if written else address


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
