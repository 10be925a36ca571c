"""Request bodies of SendGrid's mail/send: one for all messages of a variant and a sender.

What differs between recipients is filled in by SendGrid: “substitutions”, tags of ours that it replaces by values. It
replaces one after the other, so a value that holds a tag would be filled in itself. Therefore a tag holds 64 random
bits drawn for the request, when all values are written: nobody can aim at it. And as a “z” stands nowhere in a tag but
at its start and all are of one length, no tag arises where another begins or ends.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

import orjson

from channels.providers.base import Message, Sender
from channels.providers.mime import further_headers
from channels.rendering import CompiledText, CompiledVariant, encode_html, encode_subject

# SendGrid's limit is 10,000 bytes a personalization; their JSON is never shorter than they are.
SUBSTITUTIONS_MAX_BYTES = 10_000
BODY_MAX_BYTES = 30_000_000
# A rewritten link is a link that is no longer ours to count or to use up once; and people unsubscribe at our page, not
# at SendGrid's, which would put a List-Unsubscribe of its own in the place of ours. Opens are as the account is set.
_TRACKING = {
    "click_tracking": {"enable": False, "enable_text": False},
    "subscription_tracking": {"enable": False},
}
_NO_COMMAS = str.maketrans(",;", "  ")


@dataclass(frozen=True, slots=True)
class Letter:
    """A message and its place in the batch; `personalization` is its part of a body that many share, as JSON."""

    index: int
    message: Message
    personalization: bytes = b""


@dataclass(frozen=True, slots=True)
class Run:
    """Messages that go out in one request. One alone is sent as it reads, without substitutions."""

    letters: Sequence[Letter]
    envelope: Mapping[str, Any]

    @property
    def body(self) -> bytes:
        if len(self.letters) == 1:
            return _body_of_one(self.letters[0].message)
        personalizations = [orjson.Fragment(letter.personalization) for letter in self.letters]
        return _dump({**self.envelope, "personalizations": personalizations})

    def without(self, culprits: Mapping[int, Any]) -> Iterator["Run"]:
        """What is to be sent again: all but the culprits, by position; where there are none, two halves."""
        if culprits:
            left = [letter for position, letter in enumerate(self.letters) if position not in culprits]
            return self._runs(left)
        middle = len(self.letters) // 2
        return self._runs(self.letters[:middle], self.letters[middle:])

    def _runs(self, *parts: Sequence[Letter]) -> Iterator["Run"]:
        return (Run(letters, self.envelope) for letters in parts if letters)


def plan_runs(messages: Mapping[int, Message]) -> list[Run]:
    """Sort messages (by their place in the batch) into as few requests as can be."""
    groups: dict[tuple[CompiledVariant, Sender], list[Letter]] = {}
    for index, message in messages.items():
        groups.setdefault((message.variant, message.sender), []).append(Letter(index, message))
    runs = []
    for (variant, sender), letters in groups.items():
        if len(letters) == 1:
            runs.append(Run(letters, {}))
            continue
        mailing = _Mailing(variant, sender)
        shared = []
        for letter in letters:
            personalization = mailing.personalize(letter.message)
            if personalization is None:
                runs.append(Run([letter], {}))
            else:
                shared.append(Letter(letter.index, letter.message, personalization))
        if shared:
            runs.append(Run(shared, mailing.envelope))
    return runs


class _Mailing:
    """What messages of one variant and one sender have in common, with tags for what differs.

    A text's value and its HTML spelling are two values, so the HTML part has tags of its own.
    """

    def __init__(self, variant: CompiledVariant, sender: Sender) -> None:
        token = token_hex(8)
        text, self._texts = _put_tags(variant.text, f"z{token}t")
        html, self._htmls = _put_tags(variant.html, f"z{token}h")
        self.envelope = _envelope(sender, text, html)

    def personalize(self, message: Message) -> bytes | None:
        """A message's own part of the body; None when its values are too long for substitutions."""
        substitutions = {tag: slot.fill(message.values) for tag, slot in self._texts.items()}
        substitutions |= {tag: slot.fill(message.values, encode_html) for tag, slot in self._htmls.items()}
        if len(_dump(substitutions)) >= SUBSTITUTIONS_MAX_BYTES:
            return None
        return _dump({**_personalization(message), "substitutions": substitutions})


def _put_tags(text: CompiledText, prefix: str) -> tuple[str, dict[str, CompiledText]]:
    """The text with a tag in each slot, and for each tag the slot alone, which is filled as the text would be."""
    tags: dict[tuple[str, str], str] = {}
    pieces = [text.literals[0]]
    for slot, literal in zip(text.slots, text.literals[1:], strict=True):
        pieces += tags.setdefault(slot, f"{prefix}{len(tags):04}"), literal
    return "".join(pieces), {tag: CompiledText(("", ""), (slot,)) for slot, tag in tags.items()}


def _body_of_one(message: Message) -> bytes:
    envelope = _envelope(message.sender, message.text, message.html)
    return _dump({**envelope, "personalizations": [_personalization(message)]})


def _envelope(sender: Sender, text: str, html: str) -> dict[str, Any]:
    parts = (("text/plain", text), ("text/html", html))
    envelope: dict[str, Any] = {
        "from": _mailbox(sender.email, encode_subject(sender.name)),
        "content": [{"type": kind, "value": value} for kind, value in parts if value],
        "tracking_settings": _TRACKING,
    }
    if sender.reply_to_email:
        envelope["reply_to"] = {"email": sender.reply_to_email}
    return envelope


def _personalization(message: Message) -> dict[str, Any]:
    headers = further_headers(message)
    headers.pop("Reply-To", None)  # it has a field, and as a header it is refused
    # A comma in a recipient's name makes SendGrid drop the mail as one to a wrong address.
    name = encode_subject(message.to_name.translate(_NO_COMMAS))
    return {
        "to": [_mailbox(message.to, name)],
        "subject": message.subject,
        "headers": headers,
        "custom_args": {"attempt_id": message.attempt_id, "group_id": message.group_id},
    }


def _mailbox(address: str, name: str) -> dict[str, str]:
    return {"email": address, "name": name} if name else {"email": address}


def _dump(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # half of a surrogate pair
        return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
