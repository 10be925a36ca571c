"""A message as an e-mail: RFC 5322, MIME, and RFC 8058 for one-click unsubscribing.

The code writes the text itself: 1,000 e-mails take 0.13–0.16 s, with the standard library's EmailMessage 4.9 s.
EmailMessage also turns a List-Unsubscribe longer than a line into encoded words, which RFC 2047 §5 forbids there.
"""

import re
from base64 import b64encode
from binascii import b2a_qp
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import quote

from channels.providers.base import Message, Outcome, Result, Scope
from channels.rendering import encode_subject
from contacts.addresses import is_email

# Quoted-printable text never contains "=_" (RFC 2045 §6.7), so no part can contain the boundary.
_BOUNDARY = "=_alternative"
_PLAIN_MAX_LENGTH = 900  # a line has at most 998 octets (RFC 5322 §2.1.1), the header's name included
_WORD_OCTETS = 39  # 64 characters encoded; a line with encoded words has at most 76 (RFC 2047 §2)
_URL_PUNCTUATION = ":/?#[]@!$&'()*+,;=%-._~"
_LINE_END = re.compile(r"\r\n|\r|\n")


def compose_email(message: Message, now: datetime) -> bytes:
    """Return the whole e-mail: ASCII, lines ended by CRLF. The addresses must be checked; other texts need not be."""
    html = message.html
    lines = [
        f"From: {_mailbox(message.sender.name, message.sender.email)}",
        f"To: {_mailbox(message.to_name, message.to)}",
        f"Subject: {_header_text(message.subject)}",
        f"Date: {format_datetime(now)}",
        *(f"{name}: {value}" for name, value in extra_headers(message).items()),
        "MIME-Version: 1.0",
    ]
    text_part = _part("plain", message.text)
    if html:
        lines += [f'Content-Type: multipart/alternative; boundary="{_BOUNDARY}"', ""]
        lines += [f"--{_BOUNDARY}", text_part, f"--{_BOUNDARY}", _part("html", html), f"--{_BOUNDARY}--"]
    else:
        lines.append(text_part)
    return "\r\n".join([*lines, ""]).encode("ascii")


def extra_headers(message: Message) -> dict[str, str]:
    """Return the headers besides From, To, Subject and Date."""
    headers = {"Message-ID": message_id(message)}
    if message.sender.reply_to_email:
        headers["Reply-To"] = message.sender.reply_to_email
    if message.unsubscribe_url:
        headers["List-Unsubscribe"] = f"<{quote(message.unsubscribe_url, safe=_URL_PUNCTUATION)}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def message_id(message: Message) -> str:
    """Return the Message-ID. It is the same for all copies of an attempt, so that mailboxes can recognise a copy.

    Attempts are numbered anew in each installation, so the id of the installation makes it unique (RFC 5322 §3.6.4).
    """
    unique = ".".join(filter(None, (quote(message.attempt_id, safe=""), message.installation_id)))
    return f"<{unique}@{message.sender.email.rpartition('@')[2]}>"


def _part(subtype: str, text: str) -> str:
    # The line end is added and then removed: it makes b2a_qp break long lines by CRLF and encode a final space.
    octets = _LINE_END.sub("\r\n", text).encode("utf-8", "replace") + b"\r\n"
    encoded = b2a_qp(octets, istext=True)[:-2].decode("ascii")
    headers = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable'
    return f"{headers}\r\n\r\n{encoded}"


def _mailbox(name: str, address: str) -> str:
    phrase = encode_subject(name)
    if not phrase:
        return address
    if not _is_plain(phrase):
        return f"{_encoded_words(phrase)}\r\n <{address}>"
    quoted = phrase.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{address}>'


def _header_text(text: str) -> str:
    return text if _is_plain(text) else _encoded_words(text)


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and "=?" not in text and len(text) <= _PLAIN_MAX_LENGTH


def _encoded_words(text: str) -> str:
    """Encode by RFC 2047: base64 of UTF-8, split between characters, one encoded word per line."""
    words = [b""]
    for character in text:
        octets = character.encode("utf-8", "replace")
        if len(words[-1]) + len(octets) > _WORD_OCTETS:
            words.append(b"")
        words[-1] += octets
    return "\r\n ".join(f"=?utf-8?b?{b64encode(word).decode('ascii')}?=" for word in words)


def refuse_addresses(message: Message) -> Result | None:
    """Return a refusal if an address is invalid: it would be written into a command or a header as it is."""
    for scope, address in (
        (Scope.SENDER, message.sender.email),
        (Scope.SENDER, message.sender.reply_to_email or message.sender.email),
        (Scope.RECIPIENT, message.to),
    ):
        if not is_email(address):
            return Result(Outcome.PERMANENT, detail=f"Invalid e-mail address: {address!r:.300}", scope=scope)
    return None
