"""The forecast in the answer of a dry run, and what then happens."""

from datetime import datetime
from typing import Any

from contacts.models import Contact
from distributor.models import Attempt, Decision, Recipient
from tests.support.engine.forecasts import dispatch_everything, everything_stored

Person = tuple[str | None, str | None]
Send = tuple[str, list[str], datetime]
Outcomes = dict[Person, list[Send] | str]


def stored_except_key_use() -> dict[str, Any]:
    """Return everything stored except when API keys were last used, which every call changes."""
    return {name: rows for name, rows in everything_stored().items() if name != "contacts.ApiKey"}


def forecast_in(document: dict[str, Any]) -> Outcomes:
    """Return, by e-mail address and phone number, the sends (channel, accounts, time) or why there are none."""
    assert set(document) == {
        "dryRun",
        "contactCount",
        "recipientCount",
        "recipients",
        "skipped",
        "missingValues",
        "costs",
        "warnings",
    }
    assert document["dryRun"] is True
    assert document["recipientCount"] == len(document["recipients"])
    assert document["contactCount"] == len(document["recipients"]) + len(document["skipped"])
    outcomes: Outcomes = {_person(skipped): skipped["reason"] for skipped in document["skipped"]}
    for recipient in document["recipients"]:
        sent_steps = [step for step in recipient["steps"] if step["condition"] != "on_failure"]
        outcomes[_person(recipient)] = [
            (step["channel"], step["providerIds"], datetime.fromisoformat(step["at"])) for step in sent_steps
        ]
    return outcomes


def actual_outcomes() -> Outcomes:
    """Send everything at its time, and return the same for what was accepted."""
    dispatch_everything()
    people: dict[Any, Person] = {
        contact.pk: (contact.email or None, contact.phone or None) for contact in Contact.objects.all()
    }
    outcomes: Outcomes = {
        people[decision.contact_id]: decision.reason for decision in Decision.objects.filter(kind="skipped")
    }
    for recipient in Recipient.objects.all():
        attempts = Attempt.objects.filter(recipient_id=recipient.pk).order_by("number")
        outcomes[people[recipient.contact_id]] = [
            (attempt.channel, [str(attempt.provider_account_id)], attempt.begun_at) for attempt in attempts
        ]
    return outcomes


def _person(row: dict[str, Any]) -> Person:
    return row["email"], row["phone"]
