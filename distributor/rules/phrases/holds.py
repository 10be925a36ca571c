"""Why no provider account takes a step's messages at this time, in each language."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, NamedTuple


class HoldCause(StrEnum):
    INACTIVE = "inactive"  # switched off
    UNREACHABLE = "unreachable"  # its breaker is open, because nobody answers
    BROKEN = "broken"  # its breaker is open, because the provider refused it
    SENDER = "sender"  # its provider refuses the step's sender
    FAILING = "failing"  # the last calls failed
    PAUSED = "paused"  # its provider asked for a pause
    SPENT = "spent"  # its daily limit is reached


class HoldFacts(NamedTuple):
    """`words` are the provider's own."""

    account: str = ""
    sender: str = ""
    since: datetime | None = None
    words: str = ""


NO_FACTS: Final = HoldFacts()
_ENGLISH: Final[Mapping[str, str]] = {
    HoldCause.INACTIVE: "the provider account is switched off",
    HoldCause.UNREACHABLE: "{account} has not answered since {since}: {words}",
    HoldCause.BROKEN: "{account} is broken: {words}",
    HoldCause.SENDER: "{account} refuses the sender {sender}: {words}",
    HoldCause.FAILING: "{account} has not worked since {since}",
    HoldCause.PAUSED: "{account} is paused because its provider asked for it",
    HoldCause.SPENT: "{account} has reached its daily limit",
}
_POLISH: Final[Mapping[str, str]] = {
    HoldCause.INACTIVE: "konto dostawcy jest wyłączone",
    HoldCause.UNREACHABLE: "konto {account} nie odpowiada od {since}: {words}",
    HoldCause.BROKEN: "konto {account} nie działa: {words}",
    HoldCause.SENDER: "konto {account} odrzuca nadawcę {sender}: {words}",
    HoldCause.FAILING: "konto {account} nie działa od {since}",
    HoldCause.PAUSED: "konto {account} jest wstrzymane, bo poprosił o to dostawca",
    HoldCause.SPENT: "konto {account} wyczerpało dzienny limit",
}
# The sentences, and what stands for an unknown time.
HOLDS: Final = {"en": (_ENGLISH, "an unknown time"), "pl": (_POLISH, "nieznanej pory")}


def hold_sentence(cause: HoldCause, facts: HoldFacts, language: str) -> str:
    """Return for example “Mailgun EU has not answered since 2026-03-02 08:00 UTC: connection refused”."""
    sentences, unknown = HOLDS[language]
    since = unknown if facts.since is None else f"{facts.since.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return sentences[cause].format(account=facts.account, sender=facts.sender, since=since, words=facts.words)
