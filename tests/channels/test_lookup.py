"""Numbers looked up by Lookup v2 and in the numbering plans."""

import dataclasses
from collections.abc import Generator

import pytest

from channels.lookup import LookUpError, NumberReport, look_up_number, read_number
from channels.providers.base import Account
from tests.support.channels.twilio_account import twilio_account
from tests.support.standins.server import Answer, Fault, Request
from tests.support.standins.twilio import Known, TwilioStandIn

MOBILE, US_NUMBER, TOO_LONG = "+48601234567", "+14159929960", "+141599299600"
LINE = {
    "error_code": None,
    "mobile_country_code": "240",
    "mobile_network_code": "38",
    "carrier_name": "Twilio - SMS/MMS-SVR",
    "type": "nonFixedVoip",
}


@pytest.fixture
def peer() -> Generator[TwilioStandIn]:
    with TwilioStandIn().running() as running:
        yield running


@pytest.fixture
def account(peer: TwilioStandIn) -> Account:
    return twilio_account(peer.url).account


def test_a_number_is_reported_with_its_line_and_carrier(peer: TwilioStandIn, account: Account) -> None:
    peer.numbers[US_NUMBER] = Known(LINE)
    assert look_up_number(account, US_NUMBER) == NumberReport(
        US_NUMBER, True, line_type="nonFixedVoip", carrier="Twilio - SMS/MMS-SVR", country="US"
    )
    assert peer.seen[0].path == f"/v2/PhoneNumbers/{US_NUMBER}?Fields=line_type_intelligence"


def test_a_number_that_cannot_be_is_reported_with_the_reasons(account: Account) -> None:
    assert look_up_number(account, TOO_LONG) == NumberReport(TOO_LONG, False, ("TOO_LONG",))


def test_a_line_that_lookup_knows_nothing_of_stays_unknown(peer: TwilioStandIn, account: Account) -> None:
    peer.numbers[US_NUMBER] = Known({**LINE, "carrier_name": None, "type": None, "error_code": 60600})
    report = look_up_number(account, US_NUMBER)
    assert (report.valid, report.line_type, report.carrier, report.reachable) == (True, "", "", None)


@pytest.mark.parametrize(
    ("status", "reachable"),
    [
        ({"status": "active", "error_code": None}, True),
        ({"status": "reachable", "error_code": None}, True),
        ({"status": "inactive", "error_code": None}, False),
        ({"status": "unreachable", "error_code": None}, False),
        ({"status": "unknown", "error_code": None}, None),
        ({"status": None, "error_code": 60617}, None),
        (None, None),
    ],
)
def test_whether_it_is_reachable_is_told_where_the_beta_tells_it(
    peer: TwilioStandIn, account: Account, status: dict[str, object] | None, reachable: bool | None
) -> None:
    peer.numbers[MOBILE] = Known(LINE, status)
    assert look_up_number(account, MOBILE, with_line_status=True).reachable is reachable
    assert look_up_number(account, MOBILE).reachable is None


def test_a_wrong_token_is_named(account: Account) -> None:
    wrong = dataclasses.replace(account, credentials={**account.credentials, "auth_token": "wrong"})
    with pytest.raises(LookUpError, match="Authentication Error") as failed:
        look_up_number(wrong, MOBILE)
    assert failed.value.code == "20003"


@pytest.mark.parametrize("fault", [Fault.LOST_ANSWER, Fault.UNAVAILABLE, Fault.THROTTLED, Fault.RESET_AFTER])
def test_whatever_the_network_does_is_a_failure_of_one_kind(
    peer: TwilioStandIn, account: Account, fault: Fault
) -> None:
    peer.next_faults.append(fault)
    with pytest.raises(LookUpError):
        look_up_number(account, MOBILE)
    assert look_up_number(account, MOBILE).valid


def test_an_answer_that_is_no_json_is_a_failure() -> None:
    class Proxy(TwilioStandIn):
        def take(self, request: Request) -> Answer:
            return Answer(200, b"<html>Please log in</html>")

    with Proxy().running() as proxy:
        account = twilio_account(proxy.url).account
        with pytest.raises(LookUpError):
            look_up_number(account, MOBILE)


@pytest.mark.parametrize(
    ("number", "line_type", "country"),
    [
        (MOBILE, "mobile", "PL"),
        ("+48221234567", "landline", "PL"),
        (US_NUMBER, "landlineOrMobile", "US"),
        ("+18002345678", "tollFree", "US"),
        ("+447772000001", "mobile", "GB"),
        ("+881612345678", "mobile", ""),
    ],
)
def test_offline_a_valid_number_has_a_kind_and_a_country(number: str, line_type: str, country: str) -> None:
    report = read_number(number)
    assert (report.number, report.valid, report.validation_errors) == (number, True, ())
    assert (report.line_type, report.country, report.reachable) == (line_type, country, None)


def test_offline_the_carrier_is_the_one_that_the_range_was_given_to() -> None:
    assert read_number(MOBILE).carrier == "Plus"
    assert read_number("+48221234567").carrier == ""


def test_offline_a_number_is_spelled_in_e164() -> None:
    assert read_number("+48 601 234 567").number == MOBILE


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (TOO_LONG, "TOO_LONG"),
        ("+4860", "TOO_SHORT"),
        ("+15555555555", "INVALID_BUT_POSSIBLE"),
        ("+999123456789", "INVALID_COUNTRY_CODE"),
        ("601234567", "INVALID_COUNTRY_CODE"),
        ("Ann", "NOT_A_NUMBER"),
        ("", "NOT_A_NUMBER"),
    ],
)
def test_offline_a_number_that_cannot_be_has_the_reason_that_lookup_gives(number: str, reason: str) -> None:
    report = read_number(number)
    assert (report.valid, report.validation_errors, report.country) == (False, (reason,), "")
