"""A provider that accepts everything and sends nothing, so that only the product is measured."""

import time
from collections.abc import Sequence

from channels.providers.base import Message, Outcome, Provider, Result
from contacts.channel import Channel

SLOW_SECONDS = 30.0


class Noop(Provider):
    label = "Nowhere"
    channels = frozenset(Channel)
    batch_size = 1_000  # What one SendGrid call takes.

    def send_checked(self, messages: Sequence[Message]) -> list[Result]:
        """Accept every message after rendering it in full, so that rendering is measured."""
        return [Result(Outcome.ACCEPTED, take_message(each.subject, each.html, each.text)) for each in messages]


class Slow(Noop):
    """Accepts as Noop does, after as long as a provider's call may take at most."""

    def send_checked(self, messages: Sequence[Message]) -> list[Result]:
        time.sleep(SLOW_SECONDS)
        return super().send_checked(messages)


def take_message(subject: str, html: str, text: str) -> str:
    """Accept a message of any scenario. Returns a provider's id; raises ValueError if a part is empty."""
    if not (subject and html and text):
        raise ValueError("a message was handed over with an empty part")
    return f"noop-{len(subject) + len(html) + len(text)}"
