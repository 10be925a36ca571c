"""What vendors' replies mean: of whom they speak, and what follows."""

import pytest

from channels.providers.base import Outcome, Result, Scope
from channels.providers.smtp.replies import Stage, read_refusal
from tests.channels.smtp import reply_table as replies
from tests.channels.smtp import reply_table_permanent as permanent

PERMANENT, TRANSIENT, THROTTLED = Outcome.PERMANENT, Outcome.TRANSIENT, Outcome.THROTTLED


def rows(table: replies.Replies) -> pytest.MarkDecorator:
    ids = [f"{page} {stage} {reply[:40]}" for page, stage, reply in table]
    return pytest.mark.parametrize(("page", "stage", "reply"), table, ids=ids)


def read(page: str, stage: Stage, reply: str) -> Result:
    assert page in replies.PAGES
    result = read_refusal(int(reply[:3]), reply[4:].encode(), stage)
    assert (result.code, result.detail) == (reply[:3], reply[4:])
    return result


@rows(replies.THROTTLED)
def test_too_fast_pauses_the_account(page: str, stage: Stage, reply: str) -> None:
    result = read(page, stage, reply)
    assert (result.outcome, result.scope, result.is_suspect) == (THROTTLED, Scope.ACCOUNT, False)
    assert (result.retry_after_seconds, result.until_next_day) == (None, False)


@rows(replies.HOURLY)
def test_a_quota_waits_an_hour_at_a_time(page: str, stage: Stage, reply: str) -> None:
    result = read(page, stage, reply)
    assert (result.outcome, result.retry_after_seconds, result.until_next_day) == (THROTTLED, 3_600, False)


@rows(replies.NEXT_DAY)
def test_a_daily_limit_waits_for_the_next_day(page: str, stage: Stage, reply: str) -> None:
    result = read(page, stage, reply)
    assert (result.outcome, result.scope, result.until_next_day) == (THROTTLED, Scope.ACCOUNT, True)


@rows(replies.RETRY)
def test_one_mailbox_in_trouble_is_retried(page: str, stage: Stage, reply: str) -> None:
    result = read(page, stage, reply)
    assert (result.outcome, result.scope, result.is_suspect) == (TRANSIENT, Scope.RECIPIENT, False)


@rows(replies.RETRY_SUSPECT)
def test_a_passing_fault_for_one_is_theirs_unless_others_get_it_too(page: str, stage: Stage, reply: str) -> None:
    result = read(page, stage, reply)
    assert (result.outcome, result.is_suspect) == (TRANSIENT, True)
    assert result.scope in (Scope.RECIPIENT, Scope.CONTENT)


@rows(replies.UNAVAILABLE)
def test_a_relay_in_trouble_holds_the_account(page: str, stage: Stage, reply: str) -> None:
    result = read(page, stage, reply)
    assert (result.outcome, result.scope, result.is_suspect) == (TRANSIENT, Scope.ACCOUNT, False)


@rows(permanent.ACCOUNT)
def test_a_refused_account_is_told_from_a_refused_person(page: str, stage: Stage, reply: str) -> None:
    result = read(page, stage, reply)
    assert (result.outcome, result.scope, result.is_suspect) == (PERMANENT, Scope.ACCOUNT, False)


@rows(permanent.SENDER)
def test_a_refused_sender_is_told_from_a_refused_person(page: str, stage: Stage, reply: str) -> None:
    result = read(page, stage, reply)
    assert (result.outcome, result.scope, result.is_suspect) == (PERMANENT, Scope.SENDER, False)


@rows(permanent.SENDER_LATER)
def test_a_sender_that_is_not_found_now_is_about_the_sender(page: str, stage: Stage, reply: str) -> None:
    result = read(page, stage, reply)
    assert (result.outcome, result.scope) == (TRANSIENT, Scope.SENDER)


@rows(permanent.NO_SUCH_ADDRESS)
def test_an_address_that_does_not_exist_is_suppressed(page: str, stage: Stage, reply: str) -> None:
    result = read(page, stage, reply)
    assert (result.outcome, result.scope, result.is_bad_address) == (PERMANENT, Scope.RECIPIENT, True)
    assert not result.is_suspect


@rows(permanent.FAILED)
def test_a_refused_person_or_message_fails_and_suppresses_nothing(page: str, stage: Stage, reply: str) -> None:
    result = read(page, stage, reply)
    assert (result.outcome, result.is_suspect, result.is_bad_address) == (PERMANENT, False, False)
    assert result.scope in (Scope.RECIPIENT, Scope.CONTENT)


@rows(permanent.FAILED_SUSPECT)
def test_a_refusal_that_may_be_about_us_is_suspect(page: str, stage: Stage, reply: str) -> None:
    result = read(page, stage, reply)
    assert (result.outcome, result.is_suspect, result.is_bad_address) == (PERMANENT, True, False)
    assert result.scope in (Scope.RECIPIENT, Scope.CONTENT)
