"""Adding recipients: every field, the list, the invitations and the answer."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client

from channels.models import ProviderAccount, SandboxMessage, Template
from contacts.channel import Channel
from contacts.models import Contact, MailingList, Membership, Organization
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Distribution, Recipient, Survey
from tests.support.api.recipient_add import (
    EXAMPLE,
    FAILED,
    LIST,
    NO_LIST,
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
from tests.support.engine.people import dispatch, dispatch_at

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


@pytest.fixture
def mailing_list(organization: Organization) -> MailingList:
    return make_list(organization)


@pytest.fixture
def add(client: Client, mailing_list: MailingList) -> Add:
    return adding_by(client)


@pytest.fixture
def connected(
    mailing_list: MailingList,
    survey: Survey,
    accounts: dict[Channel, ProviderAccount],
    templates: dict[Channel, Template],
) -> MailingList:
    connect(mailing_list, survey, accounts, templates, Channel.SMS)
    return mailing_list


def sent_to() -> set[str]:
    return set(SandboxMessage.objects.values_list("to", flat=True))


def test_the_placeholders_of_the_published_example_are_reported(client: Client, organization: Organization) -> None:
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


def test_the_published_example_with_valid_values_succeeds(client: Client, organization: Organization) -> None:
    mailing_list = make_list(organization, "sample string 1")
    body = EXAMPLE.replace('"sample string 4"', '"+48601000001"', 1).replace('"sample string 4"', '"+48601000002"')
    body = body.replace('"sample string 5"', '""')
    body = body.replace('"Fields": "sample string 1"', '"Fields": "tel"').replace("sample string 2", "user1")
    response = post(client, body)
    assert (response.status_code, response.json()) == (200, SUCCESS)
    assert [contact.phone for contact in members(mailing_list)] == ["+48601000001", "+48601000002"]


def test_every_field_is_stored_on_the_contact(add: Add, mailing_list: MailingList) -> None:
    texts = {f"User{number}": f"text {number}" for number in range(1, 11)}
    assert add(person(1, **texts)).json() == SUCCESS
    [contact] = members(mailing_list)
    values = (contact.title, contact.first_name, contact.last_name, contact.phone, contact.email)
    assert values == ("Ms", "Ann", "Ono 1", "+48601000001", "ann1@example.com")
    assert contact.embedded_data == texts


def test_the_letter_case_of_keys_does_not_matter(client: Client, mailing_list: MailingList) -> None:
    people = [{"Firstname": "Ann", "LASTNAME": "Ono", "mobilenumber": "+48601000001", "user1": "x"}]
    response = post(client, {"listname": LIST, "recipientList": people, "lookuptest": False})
    assert response.json() == SUCCESS
    [contact] = members(mailing_list)
    assert (contact.full_name, contact.embedded_data) == ("Ann Ono", {"User1": "x"})


def test_nulls_blanks_and_unknown_keys_are_ignored(add: Add, mailing_list: MailingList) -> None:
    nothing = {"Title": None, "User1": "", "When": None, "LookupTest": None, "Colour": "red"}
    assert add(person(1, **nothing), Duplication=None, LookupTest=None).json() == SUCCESS
    assert add(person(2, When=" "), Duplication={"Fields": "", "Limit": None}).json() == SUCCESS
    assert [contact.embedded_data for contact in members(mailing_list)] == [{}, {}]


def test_a_number_is_read_in_the_organisations_region(add: Add, mailing_list: MailingList) -> None:
    assert add(person(1, MobileNumber="601 000 001")).json() == SUCCESS
    assert members(mailing_list)[0].phone == "+48601000001"


def test_without_a_country_only_international_numbers_are_valid(
    add: Add, organization: Organization, mailing_list: MailingList
) -> None:
    organization.phone_region = ""
    organization.save()
    national, international = person(1, MobileNumber="601 000 001"), person(2, MobileNumber="+48 601 000 002")
    assert add(national, international).json() == {"Errors": [problem_with(national, "Invalid mobile number for")]}
    assert [contact.phone for contact in members(mailing_list)] == ["+48601000002"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"MobileNumber": "12"}, "Invalid mobile number for"),
        ({"MobileNumber": "not a number"}, "Invalid mobile number for"),
        ({"MobileNumber": "", "EmailAddress": ""}, "Invalid mobile number for"),
        ({"MobileNumber": "", "LookupTest": True}, "Invalid mobile number for"),
        ({"EmailAddress": "ann at example.com"}, "Invalid email address for"),
        ({"EmailAddress": "Ann2@example.com"}, "Email address of another mobile number for"),
    ],
)
def test_invalid_recipients_are_reported_and_the_others_are_added(
    add: Add, mailing_list: MailingList, fields: dict[str, Any], message: str
) -> None:
    wrong = person(1, **fields)
    response = add(person(2), wrong, person(3))
    assert (response.status_code, response.json()) == (200, {"Errors": [problem_with(wrong, message)]})
    assert [contact.phone for contact in members(mailing_list)] == ["+48601000002", "+48601000003"]


def test_a_report_keeps_the_blanks_of_absent_fields(add: Add) -> None:
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


def test_a_list_without_a_connection_invites_nobody(add: Add) -> None:
    assert add(person(1, When="2020-02-04T16:23:43.6826425+00:00")).json() == SUCCESS
    assert not Distribution.objects.exists()


@pytest.mark.parametrize("name", ["Nobody", "patients", ""])
def test_an_unknown_list_name_is_refused(client: Client, mailing_list: MailingList, name: str) -> None:
    MailingList.objects.create(organization=mailing_list.organization, name="")
    other = Organization.objects.create(name="Other", slug="other")
    make_list(other, "Nobody")
    response = post(client, {"ListName": name or " ", "RecipientList": [person()]})
    assert response.status_code == 400
    assert response.json() == {"Errors": [NO_LIST]} if name else response.json()["Errors"][0].startswith("/ListName: ")
    assert not Contact.objects.exists()


def test_of_lists_with_the_same_name_a_connected_one_is_used_else_the_oldest(
    client: Client, organization: Organization, survey: Survey, accounts: Any, templates: Any
) -> None:
    oldest, middle, newest = (make_list(organization) for _ in range(3))
    add = adding_by(client)
    add(person(1))
    assert len(members(oldest)) == 1
    connect(newest, survey, accounts, templates, Channel.SMS)
    add(person(2))
    connect(middle, survey, accounts, templates, Channel.SMS)
    add(person(3))
    assert [len(members(mailing_list)) for mailing_list in (oldest, middle, newest)] == [1, 0, 2]


def test_recipients_added_to_a_connected_list_are_invited(add: Add, connected: MailingList, survey: Survey) -> None:
    assert add(person(1, User1="Ward B"), person(2)).json() == SUCCESS
    distribution = Distribution.objects.get()
    assert (distribution.source, distribution.mailing_list, distribution.survey, distribution.name) == (
        "recipient_add",
        connected,
        survey,
        LIST,
    )
    assert Recipient.objects.get(contact__email="ann1@example.com").attributes == {"User1": "Ward B"}
    dispatch()
    assert sent_to() == {"+48601000001", "+48601000002"}
    assert MailingList.objects.count() == 1


def test_each_recipient_is_invited_at_its_own_time(add: Add, connected: MailingList) -> None:
    now = database_now()
    later = (now + 5 * HOUR).replace(microsecond=0)
    in_zone = later.isoformat().replace("+00:00", ".0000000+00:00")
    naive = (later + HOUR).replace(tzinfo=None).isoformat()
    past = "2020-02-04T16:23:43.6826425+00:00"
    add(person(1, When=in_zone), person(2, When=naive), person(3, When=past), person(4))
    for moment, numbers in (
        (now + SECOND, {3, 4}),
        (later - SECOND, {3, 4}),
        (later, {1, 3, 4}),
        (later + HOUR - SECOND, {1, 3, 4}),
        (later + HOUR, {1, 2, 3, 4}),
    ):
        dispatch_at(moment)
        assert sent_to() == {f"+4860100{number:04}" for number in numbers}


def test_a_recipient_added_again_is_invited_again(add: Add, connected: MailingList) -> None:
    add(person(1))
    add(person(1))
    dispatch()
    assert SandboxMessage.objects.count() == 2
    assert len(members(connected)) == 1


def test_opted_out_recipients_are_added_and_reported_as_not_invited(add: Add, connected: MailingList) -> None:
    Contact.objects.create(
        organization=connected.organization, email="ann1@example.com", opted_out_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    answer = add(person(1), person(2)).json()
    [not_invited] = answer.pop("NotInvited")
    assert answer == SUCCESS
    assert (not_invited["MobileNumber"], not_invited["EmailAddress"], not_invited["Reason"]) == (
        "+48601000001",
        "ann1@example.com",
        "opted_out",
    )
    assert not_invited["Text"].startswith("skipped: ")
    dispatch()
    assert sent_to() == {"+48601000002"}
    assert len(members(connected)) == 2


def test_a_connection_that_is_switched_off_invites_nobody(add: Add, connected: MailingList) -> None:
    connected.connection.is_active = False
    connected.connection.save()
    assert add(person(1)).json() == SUCCESS
    assert (len(members(connected)), Distribution.objects.count()) == (1, 0)


def test_the_connections_channels_are_used_in_order(
    add: Add, mailing_list: MailingList, survey: Survey, accounts: Any, templates: Any
) -> None:
    connect(mailing_list, survey, accounts, templates, Channel.SMS, Channel.EMAIL, mode="multi")
    ProviderAccount.objects.filter(channel=Channel.SMS).update(
        configuration={"failAddresses": {"+48601000001": "permanent"}}
    )
    add(person(1), {"EmailAddress": "bob@example.com"})
    dispatch()
    assert sent_to() == {"ann1@example.com", "bob@example.com"}


def test_a_connection_without_channels_uses_the_organisations_defaults(
    add: Add, mailing_list: MailingList, survey: Survey, accounts: Any, templates: Any
) -> None:
    connect(mailing_list, survey, accounts, templates)
    assert add(person(1)).json() == {
        "Errors": [FAILED, "No channel has both a default provider and a default template."]
    }
    assert members(mailing_list) == []
    for model in (ProviderAccount, Template):
        model.objects.filter(channel=Channel.SMS).update(is_default=True)
    assert add(person(1)).json() == SUCCESS
    dispatch()
    assert sent_to() == {"+48601000001"}


def test_recipients_without_an_address_for_the_default_channel_are_reported_as_not_invited(
    add: Add, mailing_list: MailingList, survey: Survey, accounts: Any, templates: Any
) -> None:
    connect(mailing_list, survey, accounts, templates)
    for model in (ProviderAccount, Template):
        model.objects.filter(channel=Channel.EMAIL).update(is_default=True)
    [not_invited] = add({"MobileNumber": "+48601000001"}).json()["NotInvited"]
    assert (not_invited["MobileNumber"], not_invited["EmailAddress"], not_invited["Reason"], not_invited["Detail"]) == (
        "+48601000001",
        "",
        "no_address",
        {"channel": "email"},
    )


def test_nobody_is_added_if_the_connection_cannot_send(add: Add, connected: MailingList) -> None:
    ProviderAccount.objects.update(is_active=False)
    response = add(person(1))
    assert (response.status_code, response.json()) == (400, {"Errors": [FAILED, "This provider is switched off."]})
    assert not Contact.objects.exists()
    assert not Membership.objects.exists()


def test_an_unexpected_error_is_answered_in_the_published_words(add: Add, connected: MailingList) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE contacts_membership RENAME TO mislaid")
    response = add(person(1))
    assert (response.status_code, response.json()) == (400, {"Errors": [FAILED]})
    assert not Contact.objects.exists()
    assert not Distribution.objects.exists()


def test_a_call_takes_up_to_1_000_recipients(add: Add, connected: MailingList) -> None:
    people = [person(number) for number in range(1_001)]
    refused = add(*people)
    assert refused.status_code == 400
    assert refused.json()["Errors"][0].startswith("/RecipientList: ")
    assert add(*people[:1_000]).json() == SUCCESS
    assert (len(members(connected)), Recipient.objects.count()) == (1_000, 1_000)


def test_a_repeated_call_gets_the_first_answer_and_invites_nobody(add: Add, connected: MailingList) -> None:
    wrong = person(2, MobileNumber="12")
    first, again = (add(person(1), wrong, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert (again.status_code, again.content, again["Idempotent-Replayed"]) == (200, first.content, "true")
    assert first.json() == {"Errors": [problem_with(wrong, "Invalid mobile number for")]}
    assert Recipient.objects.count() == 1


def test_a_reused_or_invalid_idempotency_key_is_refused_in_the_dialects_shape(add: Add) -> None:
    add(person(1), headers={"Idempotency-Key": "k"})
    other, formless = (add(person(2), headers={"Idempotency-Key": key}) for key in ("k", " "))
    assert (other.status_code, other.json()) == (
        422,
        {"Errors": ["This Idempotency-Key was used for another call, less than 24 hours ago."]},
    )
    assert (formless.status_code, formless.json()) == (
        400,
        {"Errors": ["Idempotency-Key: An Idempotency-Key is 1 to 255 printable ASCII characters."]},
    )


def test_a_refused_call_leaves_its_idempotency_key_free(add: Add, connected: MailingList) -> None:
    headers = {"headers": {"Idempotency-Key": "k"}}
    assert add(person(1), ListName="Nobody", **headers).status_code == 400
    assert add(person(1), **headers).json() == SUCCESS


def test_the_demo_answers_the_published_example_and_invites_its_recipients(db: None, capsys: Any) -> None:
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
