"""Duplication: every field, the date and its limit, against the list, within a call and between calls at once."""

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
    LIST,
    SUCCESS,
    Add,
    connect,
    make_add,
    make_list,
    members,
    person,
    post,
    problem_with,
)
from tests.support.queries import count_queries
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


def told_of(said: dict[str, Any]) -> dict[str, Any]:
    """The answer to a call with one duplicate."""
    return {"Errors": [problem_with(said, DUPLICATE)], "Duplicates": [said]}


def today_in_warsaw() -> date:
    with connection.cursor() as cursor:
        cursor.execute("SELECT (now() AT TIME ZONE 'Europe/Warsaw')::date")
        today: date = cursor.fetchone()[0]
    return today


@pytest.mark.parametrize("field", OTHER)
def test_who_is_alike_in_the_field_is_a_duplicate_and_who_is_not_is_added(
    add: Add, mailing_list: MailingList, field: str
) -> None:
    add(person(1, **TEXTS))
    everything_else: dict[str, Any] = {}
    for name, said in OTHER.items():
        everything_else |= {} if name == field else said
    alike = {**person(1, **TEXTS), **everything_else}
    assert add(alike, Duplication={"Fields": field}).json() == told_of(alike)
    differing = {**person(1, **TEXTS), **OTHER[field]}
    assert add(differing, Duplication={"Fields": field}).json() == SUCCESS


@pytest.mark.parametrize("field", ["firstname", "lastname", "title", "user1", "user10"])
def test_letter_case_and_surrounding_blanks_make_no_difference(add: Add, mailing_list: MailingList, field: str) -> None:
    said = {"FirstName": "Łucja", "LastName": "Źdźbło", "Title": "Dr ΩÉ", "User1": "Ćma", "User10": "Ćma"}
    add(person(1, **said))
    shouted = person(2, **{name: f"  {text.upper()}\t" for name, text in said.items()})
    assert add(shouted, Duplication={"Fields": f" {field.upper()} "}).json() == told_of(shouted)


def test_numbers_are_compared_in_one_spelling(add: Add) -> None:
    add(person(1))
    again = person(2, MobileNumber="601 000 001")
    assert add(again, Duplication={"Fields": "tel"}).json() == told_of(again)


def test_addresses_are_compared_in_one_spelling(add: Add) -> None:
    add(person(1))
    again = person(2, EmailAddress="ANN1@example.com ")
    assert add(again, Duplication={"Fields": "email"}).json() == told_of(again)


def test_all_named_fields_together_make_a_duplicate(add: Add, mailing_list: MailingList) -> None:
    add(person(1, User3="x"))
    said = {"Duplication": {"Fields": "tel, user3,tel"}}
    assert add(person(1, User3="y"), **said).json() == SUCCESS
    assert add(person(1, User3="Y"), **said).json() == told_of(person(1, User3="Y"))


def test_a_blank_is_like_a_blank_as_long_as_something_is_said(add: Add, mailing_list: MailingList) -> None:
    add({"MobileNumber": "+48601000001"}, {"EmailAddress": "ann@example.com"})
    by_both = {"Fields": "tel,email"}
    for said in ({"MobileNumber": "+48601000001"}, {"EmailAddress": "ann@example.com"}):
        assert add(said, Duplication=by_both).json() == told_of(said)
    assert add({"MobileNumber": "+48601000002"}, Duplication={"Fields": "email"}).json() == SUCCESS
    assert add({"MobileNumber": "+48601000003"}, Duplication={"Fields": "user1,title"}).json() == SUCCESS


def test_within_a_call_the_first_is_added(add: Add, mailing_list: MailingList) -> None:
    first, second, third = person(1), person(2, LastName="Ono 1"), person(3)
    answer = add(first, second, third, Duplication={"Fields": "lastname"}).json()
    assert answer == told_of(second)
    assert [one.phone for one in members(mailing_list)] == ["+48601000001", "+48601000003"]


def test_another_lists_members_are_no_duplicates(add: Add, client: Client, organization: Organization) -> None:
    make_list(organization, "Others")
    post(client, {"ListName": "Others", "RecipientList": [person(1)]})
    assert add(person(1), Duplication={"Fields": "tel,email,lastname"}).json() == SUCCESS


@pytest.mark.parametrize(("days", "is_duplicate"), [(0, True), (29, True), (30, False), (400, False)])
def test_after_the_limit_somebody_is_no_duplicate_any_more(
    add: Add, mailing_list: MailingList, days: int, is_duplicate: bool
) -> None:
    on_file = (today_in_warsaw() - timedelta(days=days)).isoformat()
    add(person(1, User1=on_file))
    again = person(1, Title="Dr")
    answer = add(again, Duplication={"Fields": "tel", "Date": "User1", "Limit": 30}).json()
    assert answer == (told_of(again) if is_duplicate else SUCCESS)
    assert members(mailing_list)[0].title == ("Ms" if is_duplicate else "Dr")


@pytest.mark.parametrize("on_file", ["", "last week"])
def test_whose_date_cannot_be_read_stays_a_duplicate(add: Add, on_file: str) -> None:
    add(person(1, User1=on_file))
    assert "Duplicates" in add(person(1), Duplication={"Fields": "tel", "Date": "user1", "Limit": 1}).json()


def test_the_date_is_left_out_of_the_comparison_though_it_is_among_the_fields(add: Add) -> None:
    add(person(1, User1="2020-01-01"))
    said = {"Fields": "tel,user1", "Date": "user1", "Limit": 30, "GenerateDate": True}
    assert add(person(1), Duplication=said).json() == SUCCESS
    assert "Duplicates" in add(person(1, User1="2021-01-01"), Duplication=said).json()


def test_todays_date_is_written_for_who_is_added_and_for_nobody_else(add: Add, mailing_list: MailingList) -> None:
    add(person(1, User2="2999-01-01"))
    said = {"Fields": "tel", "Date": "user2", "Limit": 30, "GenerateDate": True}
    assert "Duplicates" in add(person(1), person(2), person(3, User2="x"), Duplication=said).json()
    today = today_in_warsaw().isoformat()
    assert [one.embedded_data["User2"] for one in members(mailing_list)] == ["2999-01-01", today, today]


@pytest.mark.parametrize(
    ("said", "about"),
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
def test_what_cannot_be_checked_is_told_and_nobody_is_added(
    add: Add, mailing_list: MailingList, said: dict[str, Any], about: str
) -> None:
    response = add(person(1), Duplication=said)
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
def test_of_calls_at_once_one_adds_the_person(
    api_key: str,
    mailing_list: MailingList,
    survey: Survey,
    accounts: dict[Channel, ProviderAccount],
    templates: dict[Channel, Template],
) -> None:
    connect(mailing_list, survey, accounts, templates, Channel.SMS)

    def call(number: int) -> Any:
        add = make_add(Client(headers={"x-api-key": api_key}))
        # The same surname, and nothing else that is the same.
        return add(person(number, LastName="Ono"), Duplication={"Fields": "lastname"}).json()

    answers = run_together([partial(call, number) for number in range(8)])
    assert answers.count(SUCCESS) == 1
    assert sum(len(answer.get("Duplicates", ())) for answer in answers) == 7
    assert Contact.objects.count() == Membership.objects.count() == Recipient.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_calls_at_once_without_a_check_all_succeed(api_key: str, mailing_list: MailingList) -> None:
    def call(number: int) -> Any:
        people = [person(one) for one in range(40)]
        return make_add(Client(headers={"x-api-key": api_key}))(*(people if number % 2 else people[::-1])).json()

    assert run_together([partial(call, number) for number in range(8)]) == [SUCCESS] * 8
    assert Contact.objects.count() == Membership.objects.count() == 40


def test_a_list_of_10_000_takes_as_many_queries_as_a_list_of_ten(
    client: Client, organization: Organization, mailing_list: MailingList
) -> None:
    fill(mailing_list, 10_000)
    short_list = make_list(organization, "Short")
    ten = Contact.objects.filter(email__in=[f"ann{number}@example.com" for number in range(1, 11)])
    Membership.objects.bulk_create(Membership(mailing_list=short_list, contact=contact) for contact in ten)
    add = make_add(client)
    add(person(300_000))  # The first call of the day also records when the key was used.

    def add_to(list_name: str, number: int) -> None:
        people = [person(7), person(number)]
        answer = add(*people, ListName=list_name, Duplication={"Fields": "title,lastname"}).json()
        assert answer == told_of(person(7))

    short = count_queries(lambda: add_to("Short", 200_000))
    assert short == count_queries(lambda: add_to(LIST, 200_001)) <= 20


def fill(mailing_list: MailingList, count: int) -> None:
    """Add this many members to the list."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO contacts_contact (id, organization_id, email, phone, first_name, last_name, title, locale,
                time_zone, embedded_data, created_at, updated_at)
            SELECT uuidv7(), %(organization_id)s, 'ann' || n || '@example.com', '+4860' || (1000000 + n), 'Ann',
                'Ono ' || n, 'Ms', '', '', '{}', now(), now()
            FROM generate_series(1, %(count)s) n
            """,
            {"organization_id": mailing_list.organization_id, "count": count},
        )
        # Before members are added: otherwise the checks of their foreign keys keep the plan that suited an empty table,
        # and read 10,000 contacts 10,000 times.
        cursor.execute("ANALYZE contacts_contact")
        cursor.execute(
            "INSERT INTO contacts_membership (mailing_list_id, contact_id)"
            " SELECT %s, id FROM contacts_contact WHERE organization_id = %s",
            [mailing_list.pk, mailing_list.organization_id],
        )
