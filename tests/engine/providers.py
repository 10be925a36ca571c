"""Providers that break their contract."""

from collections.abc import Sequence

from channels.providers.base import Message, Outcome, Provider, Result
from contacts.channel import Channel


class Raising(Provider):
    label = "Raising"
    channels = frozenset(Channel)
    batch_size = 1_000

    def send_batch(self, messages: Sequence[Message]) -> list[Result]:
        raise OSError("the network is a lie")


class Forgetful(Raising):
    label = "Forgetful"

    def send_batch(self, messages: Sequence[Message]) -> list[Result]:
        return [Result(Outcome.ACCEPTED)] * (len(messages) - 1)
