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


def test_without_a_no_a_message_follows_from_every_point(journeys: Journeys) -> None:
    journeys.reach_all_points()
    before = len(journeys.sent())
    journeys.pass_time()
    assert {sent.point for sent in journeys.sent()[before:]} == {Point(name, each) for name in ALL for each in Channel}


def test_nothing_follows_a_no(person: Person, journeys: Journeys) -> None:
    journeys.reach_all_points()
    before = len(journeys.sent())
    faults: dict[str, object] = {}
    for name, reach in [*((name, "everything") for name in NOES), *((name, "channel") for name in CHOSEN_REACH)]:
        say, sentence = NOES[name]
        with transaction.atomic():
            Organization.objects.update(stop_closes=reach, complaint_closes=reach)
            say(person)
            journeys.pass_time()
            if followed := [sent for sent in journeys.sent()[before:] if not may_follow(name, reach, sent)]:
                faults[f"{name}, {reach}: sent"] = followed
            # An erased contact's bounced message is followed by nothing, because no address is left.
            named = set(OWN) - {"late bounce"} if name == "erasure" else set(OWN)
            told = {point: told for point, told in journeys.told().items() if point.name in named}
            assert len(told) == len(named) * len(Channel)
            if untold := {point: why for point, why in told.items() if sentence not in why}:
                faults[f"{name}, {reach}: not told"] = untold
            transaction.set_rollback(True)
    assert faults == {}


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


def test_nothing_goes_to_suppressed_addresses(person: Person, journeys: Journeys) -> None:
    journeys.reach_all_points()
    before = len(journeys.sent())
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
