"""The meanings of Twilio's errors."""

import pytest

from channels.providers.base import Outcome, Scope
from channels.providers.twilio.codes import CODES, read_refusal

PERMANENT, THROTTLED, TRANSIENT, UNKNOWN = Outcome.PERMANENT, Outcome.THROTTLED, Outcome.TRANSIENT, Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("codes", "outcome", "scope"),
    [
        ((21610, 63014), PERMANENT, Scope.RECIPIENT),
        ((21211, 21408, 21614, 30005, 30006, 63003, 63024), PERMANENT, Scope.RECIPIENT),
        ((30004, 63032), PERMANENT, Scope.CONTENT),
        ((21602, 21617, 21654, 21655, 21656, 30007, 63013, 63016, 63021, 63027, 63028), PERMANENT, Scope.CONTENT),
        ((20003, 20005, 21609, 30002, 63051), PERMANENT, Scope.ACCOUNT),
        ((21212, 21603, 21606, 21701, 21703, 21704, 21705, 30032, 30034), PERMANENT, Scope.SENDER),
        ((35114, 35118, 63007, 63041, 63042), PERMANENT, Scope.SENDER),
        ((20429, 21611, 30001, 30022, 30023, 30027, 63017, 63018, 63038), THROTTLED, Scope.ACCOUNT),
        ((21730, 30003, 30008, 30017, 30036, 30410, 30450, 63009, 63010, 63012), TRANSIENT, Scope.RECIPIENT),
    ],
)
def test_a_known_code_decides_whatever_4xx_it_comes_with(
    codes: tuple[int, ...], outcome: Outcome, scope: Scope | None
) -> None:
    for code in codes:
        for status in (400, 401, 403, 404):
            meaning = read_refusal(status, code)
            assert (meaning.outcome, meaning.scope) == (outcome, scope), code


def test_these_tell_that_the_person_opted_out() -> None:
    assert [code for code, meaning in CODES.items() if meaning.opted_out] == [21610, 63014]


@pytest.mark.parametrize("code", [None, 99999])
@pytest.mark.parametrize(
    ("status", "outcome", "scope"),
    [
        (301, PERMANENT, Scope.ACCOUNT),
        (400, PERMANENT, Scope.CONTENT),
        (401, PERMANENT, Scope.ACCOUNT),
        (403, PERMANENT, Scope.ACCOUNT),
        (404, PERMANENT, Scope.ACCOUNT),
        (405, PERMANENT, Scope.ACCOUNT),
        (407, PERMANENT, Scope.ACCOUNT),
        (408, TRANSIENT, Scope.ACCOUNT),
        (425, TRANSIENT, Scope.ACCOUNT),
        (413, PERMANENT, Scope.CONTENT),
        (422, PERMANENT, Scope.CONTENT),
        (429, THROTTLED, Scope.ACCOUNT),
        (500, UNKNOWN, Scope.ACCOUNT),
        (502, UNKNOWN, Scope.ACCOUNT),
        (503, TRANSIENT, Scope.ACCOUNT),
        (504, UNKNOWN, Scope.ACCOUNT),
        (599, UNKNOWN, Scope.ACCOUNT),
    ],
)
def test_without_a_known_code_the_status_decides(
    status: int, outcome: Outcome, scope: Scope | None, code: int | None
) -> None:
    meaning = read_refusal(status, code)
    assert (meaning.outcome, meaning.scope) == (outcome, scope)


@pytest.mark.parametrize("code", CODES)
def test_no_code_makes_a_lost_answer_or_a_429_anything_else(code: int) -> None:
    """With a 500 the message may have been sent, whatever its code; with a 429 it never was."""
    assert read_refusal(500, code).outcome is UNKNOWN
    assert read_refusal(503, code).outcome is TRANSIENT
    assert read_refusal(429, code).outcome is THROTTLED
