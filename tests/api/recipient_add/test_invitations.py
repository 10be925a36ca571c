"""Adding recipients to a connected list: who is invited, and when."""

from datetime import UTC, datetime, timedelta
from typing import Any

from channels.models import ProviderAccount, SandboxMessage, Template
from contacts.channel import Channel
from contacts.models import Contact, MailingList, Membership
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Distribution, Recipient, Survey
from tests.support.api.recipient_add import (
    FAILED,
    LIST,
    SUCCESS,
    Add,
    connect,
    members,
    person,
    sent_to,
)
from tests.support.engine.people import dispatch, dispatch_at

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


def test_who_is_added_to_a_connected_list_is_invited_at_once(add: Add, connected: MailingList, survey: Survey) -> None:
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


def test_each_is_invited_at_its_own_moment_and_not_before(add: Add, connected: MailingList) -> None:
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


def test_who_is_added_again_is_invited_again(add: Add, connected: MailingList) -> None:
    add(person(1))
    add(person(1))
    dispatch()
    assert SandboxMessage.objects.count() == 2
    assert len(members(connected)) == 1


def test_who_opted_out_is_added_and_said_not_to_be_invited(add: Add, connected: MailingList) -> None:
    Contact.objects.create(
        organization=connected.organization, email="ann1@example.com", opted_out_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    answer = add(person(1), person(2)).json()
    [told] = answer.pop("NotInvited")
    assert answer == SUCCESS
    assert (told["MobileNumber"], told["EmailAddress"], told["Reason"]) == (
        "+48601000001",
        "ann1@example.com",
        "opted_out",
    )
    assert told["Text"].startswith("skipped: ")
    dispatch()
    assert sent_to() == {"+48601000002"}
    assert len(members(connected)) == 2


def test_a_connection_that_is_switched_off_invites_nobody(add: Add, connected: MailingList) -> None:
    connected.connection.is_active = False
    connected.connection.save()
    assert add(person(1)).json() == SUCCESS
    assert (len(members(connected)), Distribution.objects.count()) == (1, 0)


def test_the_connections_channels_follow_one_another(
    add: Add, mailing_list: MailingList, survey: Survey, accounts: Any, templates: Any
) -> None:
    connect(mailing_list, survey, accounts, templates, Channel.SMS, Channel.EMAIL, mode="multi")
    ProviderAccount.objects.filter(channel=Channel.SMS).update(
        configuration={"failAddresses": {"+48601000001": "permanent"}}
    )
    add(person(1), {"EmailAddress": "bob@example.com"})
    dispatch()
    assert sent_to() == {"ann1@example.com", "bob@example.com"}


def test_a_connection_without_channels_takes_the_organisations_defaults(
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


def test_who_has_no_address_for_the_default_channel_is_said_not_to_be_invited(
    add: Add, mailing_list: MailingList, survey: Survey, accounts: Any, templates: Any
) -> None:
    connect(mailing_list, survey, accounts, templates)
    for model in (ProviderAccount, Template):
        model.objects.filter(channel=Channel.EMAIL).update(is_default=True)
    [told] = add({"MobileNumber": "+48601000001"}).json()["NotInvited"]
    assert (told["MobileNumber"], told["EmailAddress"], told["Reason"], told["Detail"]) == (
        "+48601000001",
        "",
        "no_address",
        {"channel": "email"},
    )


def test_where_nobody_can_be_invited_nobody_is_added(add: Add, connected: MailingList) -> None:
    ProviderAccount.objects.update(is_active=False)
    response = add(person(1))
    assert (response.status_code, response.json()) == (400, {"Errors": [FAILED, "This provider is switched off."]})
    assert not Contact.objects.exists()
    assert not Membership.objects.exists()
