"""Nothing is handed over after a no was committed: every signal × every point of a journey × every channel.

47 CFR 64.1200(a)(10) (a request by any reasonable means counts), CAN-SPAM §5(a)(4), RFC 8058, GDPR articles 17 and 21.
"""

import pytest
from django.db import transaction
from django.test import Client

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.models import Organization
from distributor.models import Survey
from tests.engine.conftest import Follow, Send, SendTo
from tests.support.engine.journey_points import Journeys, Point, Sent
from tests.support.engine.said_no import CHOSEN_REACH, NOES, SUPPRESSIONS, Person, make_person

pytestmark = pytest.mark.django_db
# The journeys of person 0 that exist when they say no.
OWN = (
    *("throttled", "in quiet hours", "fallback", "reminder", "added reminder", "thank-you", "late bounce", "evidence"),
    *("retry", "scheduled", "paused", "claimed", "due"),
    *("begun, accepted", "begun, refused", "begun, unknown", "begun, transient"),
)
ALL = (*OWN, "shared address", "list", "recurring")
LATER = ("list", "recurring")
PHONES = frozenset({Channel.SMS, Channel.WHATSAPP})


@pytest.fixture
def journeys(
    organization: Organization,
    survey: Survey,
    accounts: dict[Channel, ProviderAccount],
    templates: dict[Channel, Template],
    kinds: dict[str, str],
    send: Send,
    send_to: SendTo,
    follow: Follow,
) -> Journeys:
    kinds["evidence"] = "tests.support.engine.providers.EvidenceSandbox"
    ProviderAccount.objects.update(kind="evidence")
    return Journeys(organization, survey, accounts, templates, send, send_to, follow)


@pytest.fixture
def person(client: Client, organization: Organization, accounts: dict[Channel, ProviderAccount], send: Send) -> Person:
    return make_person(client, organization, accounts, send)


def test_nothing_follows_a_no(person: Person, journeys: Journeys) -> None:
    """One person at all points; each signal is taken back by a savepoint before the next, so all start alike."""
    journeys.reach_all_points()
    before = len(journeys.sent())
    check_that_messages_would_follow(journeys, before)
    faults: dict[str, object] = {}
    for name, reach in [*((name, "everything") for name in NOES), *((name, "channel") for name in CHOSEN_REACH)]:
        with transaction.atomic():
            Organization.objects.update(stop_closes=reach, complaint_closes=reach)
            NOES[name][0](person)
            journeys.pass_time()
            if found := faults_after(journeys, before, name, reach):
                faults[f"{name}, {reach}"] = found
            transaction.set_rollback(True)
    assert faults == {}
    check_suppressions(person, journeys, before)


def check_that_messages_would_follow(journeys: Journeys, before: int) -> None:
    with transaction.atomic():
        journeys.pass_time()
        expected = {Point(name, channel) for name in ALL for channel in Channel}
        assert {sent.point for sent in journeys.sent()[before:]} - expected == set()
        assert expected - {sent.point for sent in journeys.sent()[before:]} == set()
        transaction.set_rollback(True)


def faults_after(journeys: Journeys, before: int, name: str, reach: str) -> list[object]:
    """Return what was sent although it may not be, and the journeys whose timeline does not say why they stopped."""
    # An erased contact's bounced message is followed by nothing, because no address is left.
    named = set(OWN) - {"late bounce"} if name == "erasure" else set(OWN)
    told = {point: told for point, told in journeys.told().items() if point.name in named}
    assert len(told) == len(named) * len(Channel)
    untold = [(point, why) for point, why in told.items() if NOES[name][1] not in why]
    return [*(sent for sent in journeys.sent()[before:] if not may_follow(name, reach, sent)), *untold]


def may_follow(name: str, reach: str, sent: Sent) -> bool:
    """Whether something may be sent although the person said no.

    Erasing a contact without a no leaves its addresses to other contacts. Where a no closes the channel only, people
    are found by later calls on other channels: a list is expanded, and a recurring distribution starts. A complaint is
    about the contact that was written to.
    """
    if name == "erasure":
        return sent.point.name == "shared address"
    closed = {Channel.EMAIL} if name == "spam complaint" else PHONES
    if reach == "everything" or sent.channel in closed:
        return False
    return sent.point.name in ("list", "recurring") or (
        name == "spam complaint" and sent.point.name == "shared address"
    )


def check_suppressions(person: Person, journeys: Journeys, before: int) -> None:
    """A suppression closes an address on a channel. With all of the person's closed, nothing is left to send."""
    waiting = set(OWN) - {"begun, accepted", "begun, refused", "begun, unknown", "evidence", "late bounce"}
    for name, suppress in SUPPRESSIONS.items():
        with transaction.atomic():
            for channel in Channel:
                suppress(person, channel)
            journeys.pass_time()
            assert journeys.sent()[before:] == [], name
            told = {point: why for point, why in journeys.told().items() if point.name in waiting}
            assert {point for point, why in told.items() if "is suppressed (added by an operator)" not in why} == set()
            transaction.set_rollback(True)
