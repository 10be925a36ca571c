"""Providers that break their contract, and one that reports events."""

from collections.abc import Sequence
from datetime import timedelta

from channels.providers.base import Message, Outcome, Provider, Result
from channels.providers.sandbox import Sandbox
from contacts.channel import Channel


class Raising(Provider):
    label = "Raising"
    channels = frozenset(Channel)
    batch_size = 1_000

    def send_checked(self, messages: Sequence[Message]) -> list[Result]:
        raise OSError("the network is a lie")


class Forgetful(Raising):
    label = "Forgetful"

    def send_checked(self, messages: Sequence[Message]) -> list[Result]:
        return [Result(Outcome.ACCEPTED)] * (len(messages) - 1)


class EvidenceSandbox(Sandbox):
    """A sandbox that may report the outcome of a message for 15 minutes after sending it."""

    label = "Evidence sandbox"
    evidence_window = timedelta(minutes=15)
