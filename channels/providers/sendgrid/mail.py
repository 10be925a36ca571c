"""Request bodies of SendGrid's mail/send: one for all messages that share a variant and a sender.

SendGrid fills in what differs between recipients: it replaces our tags by values (“substitutions”), one after the
other. A value that contains a tag would therefore be filled in, too. So each tag contains 64 random bits, which are
drawn for the request when all values are known already: nobody can write a value that contains one. All tags have the
same length and contain a “z” only at the start, so no new tag can appear where a tag meets other text.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

import orjson

from channels.providers.base import Message, Sender
from channels.providers.mime import extra_headers
from channels.rendering import CompiledText, CompiledVariant, encode_html, encode_subject

# SendGrid's limit is 10,000 bytes per personalization. Their JSON, which is measured, is never shorter.
SUBSTITUTIONS_MAX_BYTES = 10_000
BODY_MAX_BYTES = 30_000_000
# Click tracking would replace our one-time links, and subscription tracking our List-Unsubscribe. Open tracking is left
# to the account's settings.
_TRACKING = {
    "click_tracking": {"enable": False, "enable_text": False},
    "subscription_tracking": {"enable": False},
}
_NO_COMMAS = str.maketrans(",;", "  ")


@dataclass(frozen=True, slots=True)
class RequestMessage:
    """A message, its index in the batch, and its `personalization`: its part of a shared body, as JSON."""

    index: int
    message: Message
    personalization: bytes = b""


@dataclass(frozen=True, slots=True)
class MailRequest:
    """The messages of one request. A single one is sent as rendered, without substitutions."""

    messages: Sequence[RequestMessage]
    envelope: Mapping[str, Any]

    @property
    def body(self) -> bytes:
        if len(self.messages) == 1:
            return _body_of_one(self.messages[0].message)
        personalizations = [orjson.Fragment(message.personalization) for message in self.messages]
        return _dump({**self.envelope, "personalizations": personalizations})

    def without(self, culprits: Mapping[int, Any]) -> Iterator["MailRequest"]:
        """Yield what to send again: one request without the culprits (by position), or two halves if there are none."""
        if culprits:
            rest = [message for position, message in enumerate(self.messages) if position not in culprits]
            return self._split(rest)
        middle = len(self.messages) // 2
        return self._split(self.messages[:middle], self.messages[middle:])

    def _split(self, *parts: Sequence[RequestMessage]) -> Iterator["MailRequest"]:
        return (MailRequest(messages, self.envelope) for messages in parts if messages)


def plan_requests(messages: Sequence[Message]) -> list[MailRequest]:
    """Divide a batch into as few requests as possible."""
    groups: dict[tuple[CompiledVariant, Sender], list[RequestMessage]] = {}
    for index, message in enumerate(messages):
        groups.setdefault((message.variant, message.sender), []).append(RequestMessage(index, message))
    requests = []
    for (variant, sender), group in groups.items():
        if len(group) == 1:
            requests.append(MailRequest(group, {}))
            continue
        shared_body = _SharedBody(variant, sender)
        sharing = []
        for member in group:
            personalization = shared_body.personalize(member.message)
            if personalization is None:
                requests.append(MailRequest([member], {}))
            else:
                sharing.append(RequestMessage(member.index, member.message, personalization))
        if sharing:
            requests.append(MailRequest(sharing, shared_body.envelope))
    return requests


class _SharedBody:
    """What messages of one variant and one sender have in common, with tags for what differs.

    HTML and text have different tags, because a value is escaped in HTML.
    """

    def __init__(self, variant: CompiledVariant, sender: Sender) -> None:
        token = token_hex(8)
        text, self._texts = _put_tags(variant.text, f"z{token}t")
        html, self._htmls = _put_tags(variant.html, f"z{token}h")
        self.envelope = _envelope(sender, text, html)

    def personalize(self, message: Message) -> bytes | None:
        """Return a message's part of the body; None if its values are too long for substitutions."""
        substitutions = {tag: slot.fill(message.values) for tag, slot in self._texts.items()}
        substitutions |= {tag: slot.fill(message.values, encode_html) for tag, slot in self._htmls.items()}
        if len(_dump(substitutions)) >= SUBSTITUTIONS_MAX_BYTES:
            return None
        return _dump({**_personalization(message), "substitutions": substitutions})


def _put_tags(text: CompiledText, prefix: str) -> tuple[str, dict[str, CompiledText]]:
    """Return the text with a tag in each slot, and by tag the slot's text, ready to be filled."""
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
    headers = extra_headers(message)
    headers.pop("Reply-To", None)  # it has a field of its own; SendGrid refuses it as a header
    # SendGrid drops an e-mail as wrongly addressed if the recipient's name contains a comma.
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
    except TypeError:  # half of a surrogate pair, which orjson refuses
        return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
