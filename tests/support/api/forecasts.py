"""A plan as it is answered, beside what then happens."""

from datetime import datetime
from typing import Any

from contacts.models import Contact
from distributor.models import Attempt, Decision, Recipient
from tests.support.engine.forecasts import everything_stored, live_through

Person = tuple[str | None, str | None]
Send = tuple[str, list[str], datetime]
Fates = dict[Person, list[Send] | str]


def all_stored() -> dict[str, Any]:
    """Everything but when keys were last used, which is noted of every call."""
    return {name: rows for name, rows in everything_stored().items() if name != "contacts.ApiKey"}


def planned_in(document: dict[str, Any]) -> Fates:
    """By e-mail address and phone number: what leaves, by which accounts and when; or why one is skipped."""
    assert set(document) == {"dryRun", "contactCount", "recipientCount", "recipients", "skipped"}
    assert document["dryRun"] is True
    assert document["recipientCount"] == len(document["recipients"])
    assert document["contactCount"] == len(document["recipients"]) + len(document["skipped"])
    told: Fates = {_person(one): one["reason"] for one in document["skipped"]}
    for one in document["recipients"]:
        leaving = [step for step in one["steps"] if step["condition"] != "on_failure"]
        told[_person(one)] = [
            (step["channel"], step["providerIds"], datetime.fromisoformat(step["at"])) for step in leaving
        ]
    return told


def lived() -> Fates:
    """The same of all that was accepted, once everything is worked off at its moment."""
    live_through()
    people: dict[Any, Person] = {
        contact.pk: (contact.email or None, contact.phone or None) for contact in Contact.objects.all()
    }
    fates: Fates = {people[one.contact_id]: one.reason for one in Decision.objects.filter(kind="skipped")}
    for recipient in Recipient.objects.all():
        attempts = Attempt.objects.filter(recipient_id=recipient.pk).order_by("number")
        fates[people[recipient.contact_id]] = [
            (one.channel, [str(one.provider_account_id)], one.begun_at) for one in attempts
        ]
    return fates


def _person(one: dict[str, Any]) -> Person:
    return one["email"], one["phone"]
