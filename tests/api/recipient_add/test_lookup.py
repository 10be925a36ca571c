"""LookupTest: through the organisation's Twilio over real HTTP, and offline if there is none or it is down."""

from collections.abc import Generator
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from channels.models import ProviderAccount
from contacts.channel import Channel
from contacts.models import Contact, MailingList, Organization
from distributor.engine.audience.number_lookup import check_numbers
from tests.support.api.recipient_add import SUCCESS, Add, make_add, members, person, problem_with
from tests.support.channels.twilio_account import CREDENTIALS, SENDER
from tests.support.standins.server import Fault
from tests.support.standins.twilio import Known, TwilioStandIn

INVALID = "Invalid mobile number for"
MOBILE, LANDLINE, AMERICAN, TOLL_FREE = "+48601234567", "+48221234567", "+14159929960", "+18002345678"


@pytest.fixture
def peer() -> Generator[TwilioStandIn]:
    with TwilioStandIn().running() as running:
        yield running


@pytest.fixture
def twilio(organization: Organization, peer: TwilioStandIn) -> ProviderAccount:
    """The organisation's default account for SMS."""
    return ProviderAccount.objects.create(
        organization=organization,
        name="Twilio",
        kind="twilio",
        channel=Channel.SMS,
        is_default=True,
        configuration={"from": SENDER, "baseUrl": peer.url, "lookupsBaseUrl": peer.url},
        credentials=CREDENTIALS,
    )


def at(phone: str, **fields: Any) -> dict[str, Any]:
    return person(1, MobileNumber=phone, EmailAddress="", **fields)


def failed(phone: str, message: str, carrier: str = "Unknown") -> dict[str, Any]:
    return {"Carrier": carrier, "Message": message, "Number": phone, "Reachable": False}


def asked(peer: TwilioStandIn) -> list[str]:
    return sorted(request.path.partition("?")[0].rpartition("/")[2] for request in peer.seen)


@pytest.mark.parametrize("phone", [MOBILE, AMERICAN])
def test_offline_a_mobile_number_is_added(add: Add, mailing_list: MailingList, phone: str) -> None:
    assert add(at(phone), LookupTest=True).json() == SUCCESS
    assert [contact.phone for contact in members(mailing_list)] == [phone]


@pytest.mark.parametrize(
    ("phone", "message"),
    [
        (LANDLINE, "Not a mobile number: landline."),
        (TOLL_FREE, "Not a mobile number: tollFree."),
        ("+15555555555", "Not a valid phone number: INVALID_BUT_POSSIBLE."),
        ("+4860123", "Not a valid phone number: TOO_SHORT."),
    ],
)
def test_offline_other_numbers_are_rejected(add: Add, mailing_list: MailingList, phone: str, message: str) -> None:
    wrong = at(phone)
    answer = add(wrong, at(MOBILE), LookupTest=True).json()
    assert answer == {"Errors": [problem_with(wrong, INVALID)], "Lookups": [failed(phone, message)]}
    assert [contact.phone for contact in members(mailing_list)] == [MOBILE]


def test_only_recipients_with_lookup_test_are_checked(add: Add, mailing_list: MailingList) -> None:
    checked = at(LANDLINE, LookupTest=True)
    answer = add(at("+48221234568"), checked, at("+48221234569", LookupTest=False)).json()
    assert answer["Errors"] == [problem_with(checked, INVALID)]
    assert [lookup["Number"] for lookup in answer["Lookups"]] == [LANDLINE]
    assert len(members(mailing_list)) == 2


def test_a_rejected_recipient_does_not_reject_others_with_the_same_address(add: Add, mailing_list: MailingList) -> None:
    people = [{"MobileNumber": phone, "EmailAddress": "ann@example.com"} for phone in (LANDLINE, MOBILE)]
    assert len(add(*people, LookupTest=True).json()["Errors"]) == 1
    assert [contact.phone for contact in members(mailing_list)] == [MOBILE]


def test_lookup_test_of_the_call_checks_all_recipients(add: Add, mailing_list: MailingList) -> None:
    answer = add(at(LANDLINE), at(MOBILE, LookupTest=False), at(LANDLINE), LookupTest=True).json()
    assert (len(answer["Errors"]), len(answer["Lookups"])) == (2, 1)


def test_each_number_is_looked_up_once(add: Add, twilio: ProviderAccount, peer: TwilioStandIn) -> None:
    peer.numbers[AMERICAN] = Known({"type": "mobile", "carrier_name": "T-Mobile"})
    assert add(at(AMERICAN, LookupTest=True), at(AMERICAN, LookupTest=True), at(MOBILE)).json() == SUCCESS
    assert asked(peer) == [AMERICAN]


def test_lookup_takes_precedence_over_the_numbering_plan(
    add: Add, twilio: ProviderAccount, peer: TwilioStandIn, mailing_list: MailingList
) -> None:
    peer.numbers[AMERICAN] = Known({"type": "nonFixedVoip", "carrier_name": "Twilio - SMS/MMS-SVR"})
    peer.numbers[LANDLINE] = Known({"type": "mobile", "carrier_name": "Orange"})
    answer = add(at(AMERICAN), at(LANDLINE), at("+4860123"), LookupTest=True).json()
    assert answer["Lookups"] == [
        failed(AMERICAN, "Not a mobile number: nonFixedVoip.", "Twilio - SMS/MMS-SVR"),
        failed("+4860123", "Not a valid phone number: TOO_SHORT."),
    ]
    assert [contact.phone for contact in members(mailing_list)] == [LANDLINE]


@pytest.mark.parametrize("line", [None, {"type": None, "carrier_name": None}, {"type": "unknown"}])
def test_the_numbering_plan_decides_if_lookup_does_not_know_the_line(
    add: Add, twilio: ProviderAccount, peer: TwilioStandIn, line: dict[str, Any] | None
) -> None:
    peer.numbers[MOBILE] = peer.numbers[LANDLINE] = Known(line)
    assert [lookup["Number"] for lookup in add(at(MOBILE), at(LANDLINE), LookupTest=True).json()["Lookups"]] == [
        LANDLINE
    ]


@pytest.mark.parametrize("fault", [Fault.LOST_ANSWER, Fault.UNAVAILABLE, Fault.THROTTLED, Fault.RESET_AFTER])
def test_a_failing_lookup_does_not_fail_the_call(
    add: Add, twilio: ProviderAccount, peer: TwilioStandIn, mailing_list: MailingList, fault: Fault
) -> None:
    peer.next_faults += [fault, fault]
    answer = add(at(MOBILE), at(LANDLINE), LookupTest=True).json()
    assert [lookup["Number"] for lookup in answer["Lookups"]] == [LANDLINE]
    assert [contact.phone for contact in members(mailing_list)] == [MOBILE]


@pytest.mark.parametrize("credentials", [{}, {"account_sid": "", "auth_token": ""}, {**CREDENTIALS, "auth_token": "x"}])
def test_an_account_without_credentials_does_not_fail_the_call(
    add: Add, twilio: ProviderAccount, credentials: dict[str, str]
) -> None:
    twilio.credentials = credentials
    twilio.save()
    assert add(at(MOBILE), LookupTest=True).json() == SUCCESS


@pytest.mark.parametrize("changes", [{"is_active": False}, {"is_default": False}, {"channel": Channel.WHATSAPP}])
def test_only_the_default_account_for_sms_is_used(
    add: Add, twilio: ProviderAccount, peer: TwilioStandIn, changes: dict[str, Any]
) -> None:
    ProviderAccount.objects.filter(pk=twilio.pk).update(**changes)
    assert add(at(MOBILE), LookupTest=True).json() == SUCCESS
    assert peer.seen == []


def test_a_refused_call_looks_nothing_up(client: Client, add: Add, twilio: ProviderAccount, peer: Any) -> None:
    assert add(at(MOBILE), LookupTest=True, ListName="Nobody").status_code == 400
    assert add(at(MOBILE, When="soon"), LookupTest=True).status_code == 400
    assert "Errors" in add(at(MOBILE), LookupTest=True, Duplication={"Fields": "emial"}).json()
    assert peer.seen == []


def test_a_repeated_call_looks_nothing_up(add: Add, twilio: ProviderAccount, peer: TwilioStandIn) -> None:
    first, again = (add(at(LANDLINE), LookupTest=True, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.content, again["Idempotent-Replayed"]) == (again.content, "true")
    assert asked(peer) == [LANDLINE]
    assert not Contact.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k"}])
def test_lookup_holds_no_connection_and_no_transaction(
    api_key: str, mailing_list: MailingList, twilio: ProviderAccount, peer: TwilioStandIn, headers: dict[str, str]
) -> None:
    ours = connections["default"]
    seen: list[tuple[bool, bool]] = []
    peer.on_request = lambda: seen.append((ours.connection is None, ours.in_atomic_block))
    add = make_add(Client(headers={"x-api-key": api_key}))
    assert add(at(MOBILE), LookupTest=True, headers=headers).json() == SUCCESS
    assert seen == [(True, False)]


def test_offline_the_carrier_is_that_of_the_number_range(organization: Organization) -> None:
    checks = check_numbers(organization, [MOBILE, LANDLINE])
    assert (checks[MOBILE].carrier, checks[MOBILE].is_reachable) == ("Plus", True)
    assert (checks[LANDLINE].carrier, checks[LANDLINE].is_reachable) == ("", False)
