"""`DryRun` in recipient add: the report and the plan of the invitations, and nobody added."""

from typing import Any

import pytest

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.models import Contact, MailingList, Membership, Organization, Suppression
from distributor.engine.consent.opt_out import opt_out
from distributor.engine.infrastructure.clock import database_now
from distributor.models import IdempotencyKey, Recipient, Survey
from tests.support.api.forecasts import actual_outcomes, forecast_in, stored_except_key_use
from tests.support.api.recipient_add import (
    FAILED,
    NO_LIST,
    SUCCESS,
    Add,
    connect,
    members,
    person,
)
from tests.support.api.single_send import set_defaults
from tests.support.engine.forecasts import set_quiet_hours

AT_NIGHT, IN_THE_MORNING = "2029-12-24T22:30:00Z", "2029-12-25T09:00:00Z"
MISTYPED = person(3, MobileNumber="12")
Accounts = dict[Channel, ProviderAccount]
Templates = dict[Channel, Template]


@pytest.fixture
def connected(mailing_list: MailingList, survey: Survey, accounts: Accounts, templates: Templates) -> MailingList:
    """By text message, and a day later by e-mail."""
    connection = connect(mailing_list, survey, accounts, templates, Channel.SMS, Channel.EMAIL, mode="multi")
    connection.steps.filter(priority=1).update(fallback_delay_minutes=24 * 60)
    return mailing_list


def foretold(add: Add, *people: Any, **fields: Any) -> dict[str, Any]:
    """What a dry run is answered, once it is known to have written nothing."""
    before = stored_except_key_use()
    response = add(*people, DryRun=True, **fields)
    assert response.status_code == 200, response.content
    assert stored_except_key_use() == before
    answer: dict[str, Any] = response.json()
    assert answer.pop("DryRun") is True
    return answer


def known(organization: Organization, number: int) -> Contact:
    """Whom a call means by `person` of this number."""
    said = person(number)
    return Contact.objects.create(
        organization=organization, email=said["EmailAddress"], phone=said["MobileNumber"], last_name=said["LastName"]
    )


def test_what_is_reported_and_planned_is_what_happens(
    add: Add, connected: MailingList, organization: Organization
) -> None:
    set_quiet_hours(organization, 21, 8)
    Membership.objects.create(mailing_list=connected, contact=known(organization, 1))
    opt_out(known(organization, 5).pk, database_now(), source="a test")
    Suppression.objects.create(organization=organization, channel="sms", address="+48601000006", reason="manual")
    call: list[Any] = [
        person(1),
        person(2, When=AT_NIGHT),
        MISTYPED,
        person(4, MobileNumber="+48221234567", LookupTest=True),
        person(5),
        person(6, EmailAddress="", When=AT_NIGHT),
        person(7, EmailAddress="", When=IN_THE_MORNING),
    ]
    rules = {"Fields": "tel", "Date": "user2", "GenerateDate": True, "Limit": 30}
    report = foretold(add, *call, Duplication=rules)
    planned = forecast_in(report.pop("Plan"))
    assert planned["ann5@example.com", "+48601000005"] == "opted_out"
    assert planned[None, "+48601000006"] == "suppressed"
    moments = {
        phone: [at.isoformat() for _channel, _accounts, at in sends]
        for (_email, phone), sends in planned.items()
        if not isinstance(sends, str)
    }
    assert moments == {
        "+48601000002": ["2029-12-25T07:00:00+00:00", "2029-12-26T07:00:00+00:00"],
        "+48601000007": ["2029-12-25T09:00:00+00:00"],
    }
    assert set(report) == {"Errors", "Lookups", "Duplicates", "NotInvited"}
    assert add(*call, Duplication=rules).json() == report
    assert actual_outcomes() == planned


def test_a_list_without_an_active_connection_has_a_report_and_no_plan(
    add: Add, mailing_list: MailingList, survey: Survey, accounts: Accounts, templates: Templates
) -> None:
    report = foretold(add, person(1), MISTYPED)
    assert set(report) == {"Errors"}
    connect(mailing_list, survey, accounts, templates, Channel.SMS, is_active=False)
    assert foretold(add, person(1), MISTYPED) == report
    assert foretold(add, person(1)) == SUCCESS
    assert add(person(1), MISTYPED).json() == report
    assert len(members(mailing_list)) == 1


def test_where_nobody_would_be_added_there_is_no_plan(
    add: Add, connected: MailingList, organization: Organization
) -> None:
    Membership.objects.create(mailing_list=connected, contact=known(organization, 1))
    for call, fields in (
        ([person(1)], {"Duplication": {"Fields": "tel"}}),
        ([MISTYPED], {}),
        ([person(2)], {"Duplication": {"Fields": "shoes"}}),
    ):
        report = foretold(add, *call, **fields)
        assert "Plan" not in report
        assert add(*call, **fields).json() == report


def test_a_connection_without_channels_is_planned_by_the_organisations_defaults(
    add: Add, mailing_list: MailingList, survey: Survey, accounts: Accounts, templates: Templates
) -> None:
    connect(mailing_list, survey, accounts, templates)
    set_defaults(accounts, templates)
    [one] = foretold(add, person(1))["Plan"]["recipients"]
    assert [(step["channel"], step["providerIds"]) for step in one["steps"]] == [
        ("email", [str(accounts[Channel.EMAIL].pk)])
    ]


def test_a_key_is_not_used_up(add: Add, connected: MailingList) -> None:
    for _ in range(2):
        planned = add(person(1), DryRun=True, headers={"idempotency-key": "k"})
        assert (planned.json()["DryRun"], "Idempotent-Replayed" in planned) == (True, False)
    assert not IdempotencyKey.objects.exists()
    assert add(person(1), headers={"idempotency-key": "k"}).json() == SUCCESS
    assert Recipient.objects.count() == 1


@pytest.mark.parametrize("name", ["dryRun", "dryrun", "DRYRUN"])
def test_its_name_counts_in_any_letter_case(add: Add, connected: MailingList, name: str) -> None:
    assert add(person(1), **{name: True}).json()["DryRun"] is True
    assert not Contact.objects.exists()


@pytest.mark.parametrize("said", [False, None])
def test_without_it_people_are_added(add: Add, connected: MailingList, said: Any) -> None:
    assert add(person(1), DryRun=said).json() == SUCCESS
    assert len(members(connected)) == 1


@pytest.mark.parametrize("said", ["true", 1])
def test_what_is_no_yes_or_no_is_refused_rather_than_sent(add: Add, connected: MailingList, said: Any) -> None:
    response = add(person(1), DryRun=said)
    assert response.status_code == 400
    assert [error.partition(":")[0] for error in response.json()["Errors"]] == ["/DryRun"]
    assert not Contact.objects.exists()


def test_its_errors_are_those_of_the_call(add: Add, connected: MailingList) -> None:
    ProviderAccount.objects.update(is_active=False)
    before = stored_except_key_use()
    dry, real = add(person(1), DryRun=True), add(person(1))
    assert (dry.status_code, dry.json()) == (real.status_code, real.json())
    assert (dry.status_code, dry.json()["Errors"][0]) == (400, FAILED)
    nowhere = add(person(1), DryRun=True, ListName="Nowhere")
    assert (nowhere.status_code, nowhere.json()["Errors"]) == (400, [NO_LIST])
    assert stored_except_key_use() == before
