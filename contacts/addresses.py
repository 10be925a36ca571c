"""E-mail addresses: what is usable, and its one spelling."""

import re

import idna

# The mailbox of RFC 5321 §4.1.2 that people really have: a dot-atom of at most 64 characters, labels of at most 63
# characters that neither begin nor end with a hyphen, and a last label that is a name. Quoted local parts and address
# literals (a@[1.2.3.4]) are left out. A full check of the grammar cost 17 times as much and knew no better whether the
# mail arrives.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
EMAIL_PATTERN = rf"^{_ATOM}(\.{_ATOM})*@({_LABEL}\.)+[A-Za-z]([A-Za-z0-9-]{{0,61}}[A-Za-z0-9])$"
EMAIL_MAX_LENGTH = 254  # RFC 5321, less the angle brackets
LOCAL_PART_MAX_LENGTH = 64
# Punycode has 253 characters at most. Unicode may have a few for each, which become one. Spelling 10 MB takes minutes.
_LONGEST_UNICODE_DOMAIN = 1_000
_EMAIL = re.compile(EMAIL_PATTERN)
# What copying and exports leave around an address without showing it: blanks, no-break spaces, zero-width characters.
_UNSEEN = "\u00ad\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064\ufeff"

# Together, because text of the two in turns would be copied once for each pair.
_BLANK_OR_UNSEEN = _UNSEEN + "".join(letter for letter in map(chr, range(0x3001)) if letter.isspace())


def is_email(text: str) -> bool:
    """Return whether the text is a usable address, in ASCII."""
    return (
        len(text) <= EMAIL_MAX_LENGTH
        and _EMAIL.fullmatch(text) is not None
        and text.index("@") <= LOCAL_PART_MAX_LENGTH
    )


def strip_unseen(text: str) -> str:
    """Return the text without blanks and invisible characters at its ends."""
    if text.isascii():  # almost every text: a character class costs ten times as much
        return text.strip()
    return text.strip(_BLANK_OR_UNSEEN)


def spell_email(text: str) -> str:
    """Return an address as it is stored: without invisible characters at its ends, an international domain in punycode.

    The local part keeps its letter case. What is not an address is returned as it is, for is_email() to refuse.
    """
    text = strip_unseen(text)
    if text.isascii():
        return text
    local, at, domain = text.rpartition("@")
    if not at or not local.isascii() or len(domain) > _LONGEST_UNICODE_DOMAIN:
        return text
    try:
        return f"{local}@{_spell_domain(domain)}"
    except UnicodeError:
        return text


def email_in_unicode(email: str) -> str:
    """Return a stored address with its international domain as people write it, or "" if it has none."""
    local, _, domain = email.rpartition("@")
    if "xn--" not in domain.lower():
        return ""
    try:
        shown = _show_domain(domain)
        is_the_same = _spell_domain(shown) == domain.lower()
    except UnicodeError:  # xn-- and no punycode behind it
        return ""
    return f"{local}@{shown}" if is_the_same else ""


def _spell_domain(domain: str) -> str:
    """Return a domain in punycode, by IDNA 2008: straße.example is another domain than strasse.example.

    Domains of emoji, which only the older rules know, are spelled by those. Raises UnicodeError.
    """
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except idna.InvalidCodepoint:
        return domain.encode("idna").decode("ascii")


def _show_domain(domain: str) -> str:
    try:
        return idna.decode(domain)
    except idna.InvalidCodepoint:
        return domain.lower().encode("ascii").decode("idna")
