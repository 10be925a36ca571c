"""Adding recipients: what becomes of each field, which list is meant, and what is answered."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from contacts.channel import Channel
from contacts.models import Contact, MailingList, Organization
from distributor.models import Distribution, Survey
from tests.support.api.recipient_add import (
    EXAMPLE,
    LIST,
    NO_LIST,
    SUCCESS,
    Add,
    connect,
    make_add,
    make_list,
    members,
    person,
    post,
    problem_with,
    sent_to,
)
from tests.support.engine.people import dispatch


def test_the_published_example_is_read_and_its_placeholders_are_reported(
    client: Client, organization: Organization
) -> None:
    mailing_list = make_list(organization, "sample string 1")
    response = post(client, EXAMPLE)
    report = (
        "There was a problem with the following recipient sample string 1 sample string 2 sample string 3 "
        "sample string 5 sample string 4 Invalid mobile number for"
    )
    assert response.status_code == 200
    assert set(response.json()) == {"Errors"}
    about_fields, about_date, *reports = response.json()["Errors"]
    assert about_fields.startswith("/Duplication/Fields: “sample string 1” is not one of tel, email, ")
    assert about_date.startswith("/Duplication/Date: “sample string 2” is not one of ")
    assert reports == [report, report]
    assert members(mailing_list) == []


def test_the_published_example_with_a_number_and_fields_that_there_are_succeeds(
    client: Client, organization: Organization
) -> None:
    mailing_list = make_list(organization, "sample string 1")
    body = EXAMPLE.replace('"sample string 4"', '"+48601000001"', 1).replace('"sample string 4"', '"+48601000002"')
    body = body.replace('"sample string 5"', '""')
    body = body.replace('"Fields": "sample string 1"', '"Fields": "tel"').replace("sample string 2", "user1")
    response = post(client, body)
    assert (response.status_code, response.json()) == (200, SUCCESS)
    assert [one.phone for one in members(mailing_list)] == ["+48601000001", "+48601000002"]


def test_every_field_becomes_the_contacts(add: Add, mailing_list: MailingList) -> None:
    texts = {f"User{number}": f"text {number}" for number in range(1, 11)}
    assert add(person(1, **texts)).json() == SUCCESS
    [contact] = members(mailing_list)
    told = (contact.title, contact.first_name, contact.last_name, contact.phone, contact.email)
    assert told == ("Ms", "Ann", "Ono 1", "+48601000001", "ann1@example.com")
    assert contact.embedded_data == texts


def test_names_count_in_any_letter_case(client: Client, mailing_list: MailingList) -> None:
    people = [{"Firstname": "Ann", "LASTNAME": "Ono", "mobilenumber": "+48601000001", "user1": "x"}]
    response = post(client, {"listname": LIST, "recipientList": people, "lookuptest": False})
    assert response.json() == SUCCESS
    [contact] = members(mailing_list)
    assert (contact.full_name, contact.embedded_data) == ("Ann Ono", {"User1": "x"})


def test_null_blanks_and_unknown_names_say_nothing(add: Add, mailing_list: MailingList) -> None:
    nothing = {"Title": None, "User1": "", "When": None, "LookupTest": None, "Colour": "red"}
    assert add(person(1, **nothing), Duplication=None, LookupTest=None).json() == SUCCESS
    assert add(person(2, When=" "), Duplication={"Fields": "", "Limit": None}).json() == SUCCESS
    assert [one.embedded_data for one in members(mailing_list)] == [{}, {}]


def test_a_number_is_read_in_the_organisations_country(add: Add, mailing_list: MailingList) -> None:
    assert add(person(1, MobileNumber="601 000 001")).json() == SUCCESS
    assert members(mailing_list)[0].phone == "+48601000001"


def test_without_a_country_only_international_numbers_are_valid(
    add: Add, organization: Organization, mailing_list: MailingList
) -> None:
    organization.phone_region = ""
    organization.save()
    national, international = person(1, MobileNumber="601 000 001"), person(2, MobileNumber="+48 601 000 002")
    assert add(national, international).json() == {"Errors": [problem_with(national, "Invalid mobile number for")]}
    assert [one.phone for one in members(mailing_list)] == ["+48601000002"]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"MobileNumber": "12"}, "Invalid mobile number for"),
        ({"MobileNumber": "not a number"}, "Invalid mobile number for"),
        ({"MobileNumber": "", "EmailAddress": ""}, "Invalid mobile number for"),
        ({"MobileNumber": "", "LookupTest": True}, "Invalid mobile number for"),
        ({"EmailAddress": "ann at example.com"}, "Invalid email address for"),
        ({"EmailAddress": "Ann2@example.com"}, "Email address of another mobile number for"),
    ],
)
def test_who_cannot_be_added_is_reported_and_the_others_are_added(
    add: Add, mailing_list: MailingList, said: dict[str, Any], message: str
) -> None:
    wrong = person(1, **said)
    response = add(person(2), wrong, person(3))
    assert (response.status_code, response.json()) == (200, {"Errors": [problem_with(wrong, message)]})
    assert [one.phone for one in members(mailing_list)] == ["+48601000002", "+48601000003"]


def test_a_report_keeps_the_blanks_of_what_was_not_given(add: Add) -> None:
    assert add({"MobileNumber": "12"}).json() == {
        "Errors": ["There was a problem with the following recipient     12 Invalid mobile number for"]
    }


def test_an_email_address_alone_is_enough(add: Add, mailing_list: MailingList) -> None:
    assert add({"EmailAddress": " ann@example.com "}).json() == SUCCESS
    assert members(mailing_list)[0].email == "ann@example.com"


def test_the_same_person_twice_is_one_member(add: Add, mailing_list: MailingList) -> None:
    assert add(person(1), person(1, Title="Dr")).json() == SUCCESS
    assert add(person(1)).json() == SUCCESS
    assert len(members(mailing_list)) == 1


def test_a_plain_list_invites_nobody(add: Add) -> None:
    assert add(person(1, When="2020-02-04T16:23:43.6826425+00:00")).json() == SUCCESS
    assert not Distribution.objects.exists()


@pytest.mark.parametrize("name", ["Nobody", "patients", ""])
def test_a_name_that_no_list_has_is_refused(client: Client, mailing_list: MailingList, name: str) -> None:
    MailingList.objects.create(organization=mailing_list.organization, name="")
    other = Organization.objects.create(name="Other", slug="other")
    make_list(other, "Nobody")
    response = post(client, {"ListName": name or " ", "RecipientList": [person()]})
    assert response.status_code == 400
    assert response.json() == {"Errors": [NO_LIST]} if name else response.json()["Errors"][0].startswith("/ListName: ")
    assert not Contact.objects.exists()


def test_of_lists_with_one_name_the_connected_one_is_meant_and_else_the_oldest(
    client: Client, organization: Organization, survey: Survey, accounts: Any, templates: Any
) -> None:
    oldest, middle, newest = (make_list(organization) for _ in range(3))
    add = make_add(client)
    add(person(1))
    assert len(members(oldest)) == 1
    connect(newest, survey, accounts, templates, Channel.SMS)
    add(person(2))
    connect(middle, survey, accounts, templates, Channel.SMS)
    add(person(3))
    assert [len(members(one)) for one in (oldest, middle, newest)] == [1, 0, 2]


def test_the_demo_answers_the_published_example_and_invites_whom_it_adds(db: None, capsys: Any) -> None:
    for _ in range(2):
        call_command("seed_demo", api_key="dk_12345678_1234567890123456789012345678")
    client = Client(headers={"x-api-key": json.loads(capsys.readouterr().out.splitlines()[0])["apiKey"]})
    assert len(post(client, EXAMPLE).json()["Errors"]) == 4
    page = (Path(__file__).parents[3] / "docs/dialects/recipient-add.md").read_text()
    [documented] = re.findall(r"-d '(\{.*?\})'\n", page, re.DOTALL)
    assert post(client, documented).json() == SUCCESS
    people = [{"EmailAddress": "bob@example.com"}]
    assert post(client, {"ListName": "sample string 1", "RecipientList": people}).json() == SUCCESS
    dispatch()
    assert sent_to() == {"+48601000001", "bob@example.com"}
