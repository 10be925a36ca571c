"""Duplication: every field, date and limit; against the list, within a call and between simultaneous calls."""

from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.models import Contact, MailingList, Membership, Organization
from distributor.models import Distribution, Recipient, Survey
from tests.support.api.recipient_add import (
    SUCCESS,
    Add,
    adding_by,
    connect,
    make_list,
    members,
    person,
    post,
    problem_with,
)
from tests.support.simultaneous import run_together

DUPLICATE = "Duplicate recipient for"
OTHER = {
    "tel": {"MobileNumber": "+48601999999"},
    "email": {"EmailAddress": "other@example.com"},
    "firstname": {"FirstName": "Bob"},
    "lastname": {"LastName": "Other"},
    "title": {"Title": "Dr"},
    **{f"user{number}": {f"User{number}": "other"} for number in range(1, 11)},
}
TEXTS = {f"User{number}": f"Text Ż {number}" for number in range(1, 11)}


@pytest.fixture
def mailing_list(organization: Organization) -> MailingList:
    return make_list(organization)


@pytest.fixture
def add(client: Client, mailing_list: MailingList) -> Add:
    return adding_by(client)


def duplicate_report(recipient: dict[str, Any]) -> dict[str, Any]:
    """The answer to a call with one duplicate."""
    return {"Errors": [problem_with(recipient, DUPLICATE)], "Duplicates": [recipient]}


def today_in_warsaw() -> date:
    with connection.cursor() as cursor:
        cursor.execute("SELECT (now() AT TIME ZONE 'Europe/Warsaw')::date")
        today: date = cursor.fetchone()[0]
    return today


@pytest.mark.parametrize("field", OTHER)
def test_recipients_with_an_equal_field_are_duplicates_and_others_are_added(
    add: Add, mailing_list: MailingList, field: str
) -> None:
    add(person(1, **TEXTS))
    everything_else: dict[str, Any] = {}
    for name, fields in OTHER.items():
        everything_else |= {} if name == field else fields
    alike = {**person(1, **TEXTS), **everything_else}
    assert add(alike, Duplication={"Fields": field}).json() == duplicate_report(alike)
    differing = {**person(1, **TEXTS), **OTHER[field]}
    assert add(differing, Duplication={"Fields": field}).json() == SUCCESS


@pytest.mark.parametrize("field", ["firstname", "lastname", "title", "user1", "user10"])
def test_letter_case_and_surrounding_blanks_make_no_difference(add: Add, mailing_list: MailingList, field: str) -> None:
    texts = {"FirstName": "Łucja", "LastName": "Źdźbło", "Title": "Dr ΩÉ", "User1": "Ćma", "User10": "Ćma"}
    add(person(1, **texts))
    shouted = person(2, **{name: f"  {text.upper()}\t" for name, text in texts.items()})
    assert add(shouted, Duplication={"Fields": f" {field.upper()} "}).json() == duplicate_report(shouted)


def test_numbers_are_compared_in_one_spelling(add: Add) -> None:
    add(person(1))
    again = person(2, MobileNumber="601 000 001")
    assert add(again, Duplication={"Fields": "tel"}).json() == duplicate_report(again)


def test_addresses_are_compared_in_one_spelling(add: Add) -> None:
    add(person(1))
    again = person(2, EmailAddress="ANN1@example.com ")
    assert add(again, Duplication={"Fields": "email"}).json() == duplicate_report(again)


def test_all_given_fields_must_be_equal_for_a_duplicate(add: Add, mailing_list: MailingList) -> None:
    add(person(1, User3="x"))
    rules = {"Duplication": {"Fields": "tel, user3,tel"}}
    assert add(person(1, User3="y"), **rules).json() == SUCCESS
    assert add(person(1, User3="Y"), **rules).json() == duplicate_report(person(1, User3="Y"))


def test_blanks_are_equal_unless_all_fields_are_blank(add: Add, mailing_list: MailingList) -> None:
    add({"MobileNumber": "+48601000001"}, {"EmailAddress": "ann@example.com"})
    by_both = {"Fields": "tel,email"}
    for recipient in ({"MobileNumber": "+48601000001"}, {"EmailAddress": "ann@example.com"}):
        assert add(recipient, Duplication=by_both).json() == duplicate_report(recipient)
    assert add({"MobileNumber": "+48601000002"}, Duplication={"Fields": "email"}).json() == SUCCESS
    assert add({"MobileNumber": "+48601000003"}, Duplication={"Fields": "user1,title"}).json() == SUCCESS


def test_of_duplicates_within_a_call_the_first_is_added(add: Add, mailing_list: MailingList) -> None:
    first, second, third = person(1), person(2, LastName="Ono 1"), person(3)
    answer = add(first, second, third, Duplication={"Fields": "lastname"}).json()
    assert answer == duplicate_report(second)
    assert [contact.phone for contact in members(mailing_list)] == ["+48601000001", "+48601000003"]


def test_members_of_another_list_are_not_duplicates(add: Add, client: Client, organization: Organization) -> None:
    make_list(organization, "Others")
    post(client, {"ListName": "Others", "RecipientList": [person(1)]})
    assert add(person(1), Duplication={"Fields": "tel,email,lastname"}).json() == SUCCESS


@pytest.mark.parametrize(("days", "is_duplicate"), [(0, True), (29, True), (30, False), (400, False)])
def test_after_the_limit_a_recipient_is_no_longer_a_duplicate(
    add: Add, mailing_list: MailingList, days: int, is_duplicate: bool
) -> None:
    on_file = (today_in_warsaw() - timedelta(days=days)).isoformat()
    add(person(1, User1=on_file))
    again = person(1, Title="Dr")
    answer = add(again, Duplication={"Fields": "tel", "Date": "User1", "Limit": 30}).json()
    assert answer == (duplicate_report(again) if is_duplicate else SUCCESS)
    assert members(mailing_list)[0].title == ("Ms" if is_duplicate else "Dr")


@pytest.mark.parametrize("on_file", ["", "last week"])
def test_a_recipient_with_an_unreadable_date_stays_a_duplicate(add: Add, on_file: str) -> None:
    add(person(1, User1=on_file))
    assert "Duplicates" in add(person(1), Duplication={"Fields": "tel", "Date": "user1", "Limit": 1}).json()


def test_the_date_field_is_not_compared(add: Add) -> None:
    add(person(1, User1="2020-01-01"))
    duplication = {"Fields": "tel,user1", "Date": "user1", "Limit": 30, "GenerateDate": True}
    assert add(person(1), Duplication=duplication).json() == SUCCESS
    assert "Duplicates" in add(person(1, User1="2021-01-01"), Duplication=duplication).json()


def test_todays_date_is_written_for_added_recipients_only(add: Add, mailing_list: MailingList) -> None:
    add(person(1, User2="2999-01-01"))
    duplication = {"Fields": "tel", "Date": "user2", "Limit": 30, "GenerateDate": True}
    assert "Duplicates" in add(person(1), person(2), person(3, User2="x"), Duplication=duplication).json()
    today = today_in_warsaw().isoformat()
    assert [contact.embedded_data["User2"] for contact in members(mailing_list)] == ["2999-01-01", today, today]


@pytest.mark.parametrize(
    ("duplication", "about"),
    [
        ({"Fields": "tel,emial"}, "/Duplication/Fields: “emial”"),
        ({"Fields": "user11"}, "/Duplication/Fields: “user11”"),
        ({"Fields": "tel", "Date": "visited"}, "/Duplication/Date: “visited”"),
        ({"Fields": "email", "Date": "tel"}, "/Duplication/Date: “tel”"),
        ({"Fields": "tel", "GenerateDate": True}, "/Duplication/GenerateDate: "),
        ({"Fields": "tel", "Limit": 4}, "/Duplication/Limit: "),
        ({"Fields": "user1", "Date": "user1"}, "/Duplication/Fields: "),
    ],
)
def test_an_invalid_duplication_is_reported_and_nobody_is_added(
    add: Add, mailing_list: MailingList, duplication: dict[str, Any], about: str
) -> None:
    response = add(person(1), Duplication=duplication)
    assert response.status_code == 200
    [error] = response.json()["Errors"]
    assert error.startswith(about)
    assert members(mailing_list) == []


def test_duplicates_are_not_invited(
    add: Add,
    mailing_list: MailingList,
    survey: Survey,
    accounts: dict[Channel, ProviderAccount],
    templates: dict[Channel, Template],
) -> None:
    connect(mailing_list, survey, accounts, templates, Channel.SMS)
    add(person(1))
    add(person(1), person(2), Duplication={"Fields": "tel"})
    assert list(Recipient.objects.order_by("pk").values_list("contact__phone", flat=True)) == [
        "+48601000001",
        "+48601000002",
    ]
    add(person(1), Duplication={"Fields": "tel"})
    assert Distribution.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_simultaneous_calls_one_adds_the_person(
    api_key: str,
    mailing_list: MailingList,
    survey: Survey,
    accounts: dict[Channel, ProviderAccount],
    templates: dict[Channel, Template],
) -> None:
    connect(mailing_list, survey, accounts, templates, Channel.SMS)

    def call(number: int) -> Any:
        add = adding_by(Client(headers={"x-api-key": api_key}))
        # They share the surname only.
        return add(person(number, LastName="Ono"), Duplication={"Fields": "lastname"}).json()

    answers = run_together([partial(call, number) for number in range(8)])
    assert answers.count(SUCCESS) == 1
    assert sum(len(answer.get("Duplicates", ())) for answer in answers) == 7
    assert Contact.objects.count() == Membership.objects.count() == Recipient.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_simultaneous_calls_without_a_check_all_succeed(api_key: str, mailing_list: MailingList) -> None:
    def call(number: int) -> Any:
        people = [person(number) for number in range(40)]
        return adding_by(Client(headers={"x-api-key": api_key}))(*(people if number % 2 else people[::-1])).json()

    assert run_together([partial(call, number) for number in range(8)]) == [SUCCESS] * 8
    assert Contact.objects.count() == Membership.objects.count() == 40


def test_a_long_list_is_checked_in_few_queries(
    client: Client, mailing_list: MailingList, django_assert_max_num_queries: Any
) -> None:
    fill(mailing_list, 100_000)
    add = adding_by(client)
    with django_assert_max_num_queries(20):
        answer = add(person(7), person(200_000), Duplication={"Fields": "title,lastname"}).json()
    assert answer == duplicate_report(person(7))


def fill(mailing_list: MailingList, count: int) -> None:
    """Fill the list with members in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH made AS (
                INSERT INTO contacts_contact (id, organization_id, email, phone, first_name, last_name, title, locale,
                    time_zone, embedded_data, created_at, updated_at)
                SELECT uuidv7(), %(organization_id)s, 'ann' || n || '@example.com', '+4860' || (1000000 + n), 'Ann',
                    'Ono ' || n, 'Ms', '', '', '{}', now(), now()
                FROM generate_series(1, %(count)s) n RETURNING id
            )
            INSERT INTO contacts_membership (mailing_list_id, contact_id) SELECT %(list_id)s, id FROM made
            """,
            {"organization_id": mailing_list.organization_id, "list_id": mailing_list.pk, "count": count},
        )
