"""A reason in a few words, where the facts behind it are not at hand: in lists and search results."""

from collections.abc import Mapping
from typing import Final

from distributor.rules.eligibility import Reason

# Of the reasons whose sentence would be wrong or empty without its facts. Other sentences are true without them.
_ENGLISH: Final[Mapping[str, str]] = {
    Reason.SUPPRESSED: "the address is suppressed",
    Reason.NUMBER_NOT_ALLOWED: "the organisation does not send to this number",
    Reason.NOT_IN_TEAM: "the contact is not in the team",
    Reason.FREQUENCY_RULE: "contacted too recently for the frequency rule",
    Reason.RECENTLY_CONTACTED: "reached recently",
    Reason.THROTTLED: "throttled",
    Reason.EXPIRED: "the link would expire first",
    Reason.TOO_LATE: "the deadline would pass first",
    "account_unavailable": "the provider account does not work",
    "sender_refused": "the provider account refuses the sender",
    "processing_failed": "an internal error occurred",
}
_POLISH: Final[Mapping[str, str]] = {
    Reason.SUPPRESSED: "adres jest zablokowany",
    Reason.NUMBER_NOT_ALLOWED: "organizacja nie wysyła na ten numer",
    Reason.NOT_IN_TEAM: "kontakt nie należy do zespołu",
    Reason.FREQUENCY_RULE: "za krótko od ostatniej wiadomości według reguły częstotliwości",
    Reason.RECENTLY_CONTACTED: "niedawno dotarła inna wiadomość",
    Reason.THROTTLED: "ograniczone tempo wysyłania",
    Reason.EXPIRED: "link wygasłby wcześniej",
    Reason.TOO_LATE: "termin minąłby wcześniej",
    "account_unavailable": "konto u dostawcy nie działa",
    "sender_refused": "konto u dostawcy odrzuca nadawcę",
    "processing_failed": "wystąpił błąd wewnętrzny",
}
LABELS: Final[Mapping[str, Mapping[str, str]]] = {"en": _ENGLISH, "pl": _POLISH}
