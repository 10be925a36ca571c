"""What is a usable e-mail address or phone number, and its one spelling."""

import re

import phonenumbers

# One @, no spaces or angle brackets, a dot in the domain, ASCII (write an international domain in punycode).
# A full RFC 5322 check cost 17 times as much and knew no better whether the mail arrives.
EMAIL_PATTERN = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z0-9-]{2,63}$"
EMAIL_MAX_LENGTH = 254  # RFC 5321, less the angle brackets
_EMAIL = re.compile(EMAIL_PATTERN)
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


def is_email(text: str) -> bool:
    return len(text) <= EMAIL_MAX_LENGTH and _EMAIL.fullmatch(text) is not None


def normalize_phone(text: str, region: str = "") -> str | None:
    """A phone number in E.164, or None when it cannot be one.

    `region` is the ISO 3166 country of numbers written without a country code. What is E.164 already is taken as it
    is: the library's parse costs 28 µs a number, a thousand of them as much as the whole call.
    """
    if _E164.fullmatch(text):
        return text
    try:
        number = phonenumbers.parse(text, region or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    text = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    # The library takes some numbers of more than the 15 digits that E.164 allows, such as 15 after Germany's 49.
    return text if _E164.fullmatch(text) else None


# What copying and exports leave around an address without showing it: blanks, no-break spaces, zero-width characters.
_UNSEEN = "\u00ad\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064\ufeff"


def strip_unseen(text: str) -> str:
    """Return the text without blanks and invisible characters at its ends."""
    if text.isascii():  # almost every text: a character class costs ten times as much
        return text.strip()
    before = None
    while text != before:
        before, text = text, text.strip().strip(_UNSEEN)
    return text
