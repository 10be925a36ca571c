from datetime import date, timedelta

import pytest

from distributor.rules.duplicates import DataField, Duplication, MemberMatch, find_duplicates, is_recent, read_date

TODAY = date(2026, 3, 5)
DAY = timedelta(days=1)
LAST_CONTACT = DataField("User1")
BY_PHONE = Duplication(("phone",))
BY_PHONE_FOR_30_DAYS = Duplication(("phone",), LAST_CONTACT, 30)


def like(key: str | None, *members: str, date: str = "") -> MemberMatch:
    return MemberMatch(key, date, members)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-05",
        " 2026-03-05 ",
        "2026-03-05T23:59:59.1234567+02:00",
        "2026-03-05 08:00",
        "20260305",
        "05/03/2026",
        "5/3/2026",
        "05.03.2026",
        "5-3-2026",
        "05/03/2026 16:23:43",
    ],
)
def test_a_date_is_read_in_every_documented_form(text: str) -> None:
    assert read_date(text) == TODAY


@pytest.mark.parametrize(
    "text",
    [
        "",
        "today",
        "2026-02-29",
        "2026-13-01",
        "2026-3-5",
        "13/13/2026",
        "5/3-2026",
        "5/3/26",
        "1772712000",
        "0000-01-01",
    ],
)
def test_a_text_that_is_no_date_is_not_guessed(text: str) -> None:
    assert read_date(text) is None


@pytest.mark.parametrize(("days", "is_still"), [(0, True), (29, True), (30, False), (31, False), (-1, True)])
def test_a_date_is_recent_until_the_limit(days: int, is_still: bool) -> None:
    assert is_recent((TODAY - days * DAY).isoformat(), 30, TODAY) is is_still


def test_a_limit_of_zero_days_ends_on_the_same_day() -> None:
    assert not is_recent("2026-03-05", 0, TODAY)
    assert is_recent("2026-03-06", 0, TODAY)


@pytest.mark.parametrize("text", ["", "soon"])
def test_a_person_with_an_unreadable_date_stays_a_duplicate(text: str) -> None:
    assert is_recent(text, 30, TODAY)


def test_without_a_limit_a_match_is_a_duplicate_whatever_its_date() -> None:
    assert find_duplicates([like("1", "1999-01-01")], Duplication(("phone",), LAST_CONTACT), TODAY) == [True]


def test_a_member_who_is_alike_makes_a_duplicate() -> None:
    assert find_duplicates([like("1", ""), like("2")], BY_PHONE, TODAY) == [True, False]


def test_of_several_in_a_call_the_first_is_added() -> None:
    assert find_duplicates([like("1"), like("2"), like("1"), like("1")], BY_PHONE, TODAY) == [False, False, True, True]


def test_who_has_all_fields_blank_is_like_nobody() -> None:
    assert find_duplicates([like(None), like(None)], BY_PHONE, TODAY) == [False, False]


def test_one_recent_member_among_old_ones_is_enough() -> None:
    people = [like("1", "2020-01-01", "2026-03-01"), like("2", "2020-01-01", "2020-02-01")]
    assert find_duplicates(people, BY_PHONE_FOR_30_DAYS, TODAY) == [True, False]


def test_within_a_call_the_given_date_or_todays_counts() -> None:
    people = [like("1", date="2020-01-01"), like("1", date="2020-01-01")]
    assert find_duplicates(people, BY_PHONE_FOR_30_DAYS, TODAY) == [False, False]
    writing = Duplication(("phone",), LAST_CONTACT, 30, writes_date=True)
    assert find_duplicates(people, writing, TODAY) == [False, True]


def test_people_are_not_compared_with_a_duplicate() -> None:
    people = [like("1", "2026-03-01"), like("1", "2026-03-01", date="2020-01-01")]
    assert find_duplicates(people, BY_PHONE_FOR_30_DAYS, TODAY) == [True, True]
