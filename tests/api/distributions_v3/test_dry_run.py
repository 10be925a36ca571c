"""`dryRun` in the lists-and-links dialect: the plan in the dialect's envelope, and nothing done."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from channels.models import ProviderAccount
from contacts.channel import Channel
from contacts.models import Contact, MailingList, Organization, Suppression
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.engine.consent.opt_out import opt_out
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Distribution, IdempotencyKey, Recipient, Survey, Touch
from tests.support.api.bodies import changed
from tests.support.api.forecasts import actual_outcomes, forecast_in, stored_except_key_use
from tests.support.api.lists_and_links import call, error_of, faults_of, result_of
from tests.support.engine.forecasts import set_quiet_hours

SENDING = ("send", "links", "sms")
AT_NIGHT = "2029-12-24T22:30:00Z"
everywhere = pytest.mark.parametrize("kind", SENDING)
PATHS = {"send": "distributions", "links": "distributions", "sms": "distributions/sms"}
Bodies = dict[str, dict[str, Any]]


@pytest.fixture
def bodies(send_body: dict[str, Any], links_body: dict[str, Any], sms_body: dict[str, Any]) -> Bodies:
    """A call of each kind to the list of five."""
    return {"send": send_body, "links": links_body, "sms": sms_body}


@everywhere
def test_the_plan_is_answered_and_nothing_written(
    client: Client, bodies: Bodies, crowd: list[Contact], kind: str
) -> None:
    before = stored_except_key_use()
    planned = result_of(call(client, "POST", PATHS[kind], {**bodies[kind], "dryRun": True}))
    assert stored_except_key_use() == before
    assert (planned["dryRun"], planned["contactCount"], planned["recipientCount"]) == (True, 5, 5)
    assert [one["contactId"] for one in planned["recipients"]] == [str(one.pk) for one in crowd]
    channels = {"send": ["email"], "links": [], "sms": ["sms"]}[kind]
    assert [[step["channel"] for step in one["steps"]] for one in planned["recipients"]] == [channels] * 5
    assert set(result_of(call(client, "POST", PATHS[kind], {**bodies[kind], "dryRun": None}))) == {"id"}
    assert Recipient.objects.count() == 5


@pytest.mark.parametrize("kind", ["send", "sms"])
def test_what_is_planned_is_what_happens(
    client: Client, bodies: Bodies, organization: Organization, survey: Survey, crowd: list[Contact], kind: str
) -> None:
    set_quiet_hours(organization, 21, 8)
    organization.minimum_days_between_contacts = 30
    organization.save()
    opt_out(crowd[0].pk, database_now(), source="a test")
    for channel, address in ((Channel.EMAIL, crowd[1].email), (Channel.SMS, crowd[1].phone)):
        Suppression.objects.create(organization=organization, channel=channel, address=address, reason="manual")
    Contact.objects.filter(pk=crowd[2].pk).update(**{"email": ""} if kind == "send" else {"phone": ""})
    Touch.objects.create(
        contact_id=crowd[3].pk, survey_id=survey.pk, recipient_id=0, last_sent_at=datetime(2029, 12, 20, tzinfo=UTC)
    )
    said = {**bodies[kind], "sendDate": AT_NIGHT}
    planned = forecast_in(result_of(call(client, "POST", PATHS[kind], {**said, "dryRun": True})))
    assert {one for one in planned.values() if isinstance(one, str)} == {
        *("opted_out", "suppressed", "no_address", "frequency_rule")
    }
    [[(_channel, _accounts, at)]] = [one for one in planned.values() if not isinstance(one, str)]
    assert at.isoformat() == "2029-12-25T07:00:00+00:00"
    result_of(call(client, "POST", PATHS[kind], said))
    assert actual_outcomes() == planned


@everywhere
def test_one_contact_is_planned_alone(client: Client, bodies: Bodies, crowd: list[Contact], kind: str) -> None:
    pointer = "/contactId" if kind == "links" else "/recipients/contactId"
    body = changed(bodies[kind], pointer, public_id(Kind.CONTACT, crowd[3].pk))
    planned = result_of(call(client, "POST", PATHS[kind], {**body, "dryRun": True}))
    assert [one["externalId"] for one in planned["recipients"]] == ["PAT-3"]
    assert not Distribution.objects.exists()


@everywhere
def test_a_key_is_not_used_up(client: Client, bodies: Bodies, kind: str) -> None:
    for _ in range(2):
        planned = call(client, "POST", PATHS[kind], {**bodies[kind], "dryRun": True}, idempotency_key="k")
        assert result_of(planned)["dryRun"] is True
        assert "Idempotent-Replayed" not in planned
    assert not IdempotencyKey.objects.exists()
    assert set(result_of(call(client, "POST", PATHS[kind], bodies[kind], idempotency_key="k"))) == {"id"}
    assert Distribution.objects.count() == 1


@everywhere
@pytest.mark.parametrize("said", ["true", 1])
def test_what_is_no_yes_or_no_is_refused_rather_than_sent(client: Client, bodies: Bodies, kind: str, said: Any) -> None:
    before = stored_except_key_use()
    assert faults_of(call(client, "POST", PATHS[kind], {**bodies[kind], "dryRun": said}))[0][0] == "/dryRun"
    assert stored_except_key_use() == before


@pytest.mark.parametrize("is_dry_run", [True, False])
def test_its_errors_are_those_of_the_call(
    client: Client, bodies: Bodies, crowd: list[Contact], mailing_list: MailingList, is_dry_run: bool
) -> None:
    body = {**bodies["send"], "dryRun": is_dry_run}
    mailing_list.memberships.filter(contact=crowd[0]).delete()
    not_on_it = changed(body, "/recipients/contactId", public_id(Kind.CONTACT, crowd[0].pk))
    assert faults_of(call(client, "POST", "distributions", not_on_it)) == [
        ("/recipients/contactId", "contact_not_on_list")
    ]
    ProviderAccount.objects.filter(channel=Channel.EMAIL).update(is_active=False)
    refused = error_of(call(client, "POST", "distributions", body), "409 - Conflict")
    assert refused["errorCode"] == "channel_not_set_up"
    assert not Distribution.objects.exists()


def test_reminders_and_thank_yous_have_no_dry_run_and_are_not_made_by_one(client: Client, bodies: Bodies) -> None:
    parent = result_of(call(client, "POST", "distributions", bodies["send"]))["id"]
    before = stored_except_key_use()
    for follow_up in ("reminders", "thankyous"):
        body = {"message": bodies["send"]["message"], "dryRun": True}
        refused = call(client, "POST", f"distributions/{parent}/{follow_up}", body)
        assert faults_of(refused) == [("/dryRun", "extra_forbidden")]
    for method in ("Reminder", "ThankYou"):
        body = {**bodies["sms"], "method": method, "parentDistributionId": parent, "dryRun": True}
        assert faults_of(call(client, "POST", "distributions/sms", body)) == [("/dryRun", "not_supported")]
    assert stored_except_key_use() == before
