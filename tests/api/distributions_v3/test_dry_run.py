"""`dryRun` in lists and links: the plan in the dialect's envelope, and nothing written."""

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
from tests.support.api.forecasts import all_stored, lived, planned_in
from tests.support.api.lists_and_links import call, error_of, faults_of, result_of
from tests.support.engine.forecasts import be_quiet

SENDING = ("send", "links", "sms")
AT_NIGHT = "2029-12-24T22:30:00Z"
everywhere = pytest.mark.parametrize("kind", SENDING)
PATHS = {"send": "distributions", "links": "distributions", "sms": "distributions/sms"}
Bodies = dict[str, dict[str, Any]]


@pytest.fixture
def bodies(send_body: dict[str, Any], links_body: dict[str, Any], sms_body: dict[str, Any]) -> Bodies:
    """A body of each kind for the list of five contacts."""
    return {"send": send_body, "links": links_body, "sms": sms_body}


@everywhere
def test_a_dry_run_answers_the_plan_and_writes_nothing(
    client: Client, bodies: Bodies, crowd: list[Contact], kind: str
) -> None:
    before = all_stored()
    planned = result_of(call(client, "POST", PATHS[kind], {**bodies[kind], "dryRun": True}))
    assert all_stored() == before
    assert (planned["dryRun"], planned["contactCount"], planned["recipientCount"]) == (True, 5, 5)
    assert [recipient["contactId"] for recipient in planned["recipients"]] == [str(contact.pk) for contact in crowd]
    channels = {"send": ["email"], "links": [], "sms": ["sms"]}[kind]
    assert [[step["channel"] for step in contact["steps"]] for contact in planned["recipients"]] == [channels] * 5
    assert set(result_of(call(client, "POST", PATHS[kind], {**bodies[kind], "dryRun": None}))) == {"id"}
    assert Recipient.objects.count() == 5


@pytest.mark.parametrize("kind", ["send", "sms"])
def test_the_forecast_is_what_happens(
    client: Client, bodies: Bodies, organization: Organization, survey: Survey, crowd: list[Contact], kind: str
) -> None:
    be_quiet(organization, 21, 8)
    organization.minimum_days_between_contacts = 30
    organization.save()
    opt_out(crowd[0].pk, database_now())
    for channel, address in ((Channel.EMAIL, crowd[1].email), (Channel.SMS, crowd[1].phone)):
        Suppression.objects.create(organization=organization, channel=channel, address=address, reason="manual")
    Contact.objects.filter(pk=crowd[2].pk).update(**{"email": ""} if kind == "send" else {"phone": ""})
    Touch.objects.create(
        contact_id=crowd[3].pk, survey_id=survey.pk, recipient_id=0, last_sent_at=datetime(2029, 12, 20, tzinfo=UTC)
    )
    call_body = {**bodies[kind], "sendDate": AT_NIGHT}
    planned = planned_in(result_of(call(client, "POST", PATHS[kind], {**call_body, "dryRun": True})))
    assert {forecast for forecast in planned.values() if isinstance(forecast, str)} == {
        *("opted_out", "suppressed", "no_address", "frequency_rule")
    }
    [[(_channel, _accounts, at)]] = [forecast for forecast in planned.values() if not isinstance(forecast, str)]
    assert at.isoformat() == "2029-12-25T07:00:00+00:00"
    result_of(call(client, "POST", PATHS[kind], call_body))
    assert lived() == planned


@everywhere
def test_a_dry_run_for_one_contact_plans_only_that_contact(
    client: Client, bodies: Bodies, crowd: list[Contact], kind: str
) -> None:
    pointer = "/contactId" if kind == "links" else "/recipients/contactId"
    body = changed(bodies[kind], pointer, public_id(Kind.CONTACT, crowd[3].pk))
    planned = result_of(call(client, "POST", PATHS[kind], {**body, "dryRun": True}))
    assert [contact["externalId"] for contact in planned["recipients"]] == ["PAT-3"]
    assert not Distribution.objects.exists()


@everywhere
def test_a_dry_run_leaves_its_idempotency_key_free(client: Client, bodies: Bodies, kind: str) -> None:
    for _ in range(2):
        planned = call(client, "POST", PATHS[kind], {**bodies[kind], "dryRun": True}, idempotency_key="k")
        assert result_of(planned)["dryRun"] is True
        assert "Idempotent-Replayed" not in planned
    assert not IdempotencyKey.objects.exists()
    assert set(result_of(call(client, "POST", PATHS[kind], bodies[kind], idempotency_key="k"))) == {"id"}
    assert Distribution.objects.count() == 1


@everywhere
@pytest.mark.parametrize("value", ["true", 1])
def test_a_dry_run_that_is_not_a_boolean_is_refused(client: Client, bodies: Bodies, kind: str, value: Any) -> None:
    before = all_stored()
    assert faults_of(call(client, "POST", PATHS[kind], {**bodies[kind], "dryRun": value}))[0][0] == "/dryRun"
    assert all_stored() == before


@pytest.mark.parametrize("is_dry_run", [True, False])
def test_a_dry_run_has_the_errors_of_the_call(
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


def test_a_dry_run_of_a_reminder_or_thank_you_is_refused(client: Client, bodies: Bodies) -> None:
    parent = result_of(call(client, "POST", "distributions", bodies["send"]))["id"]
    before = all_stored()
    for follow_up in ("reminders", "thankyous"):
        body = {"message": bodies["send"]["message"], "dryRun": True}
        refused = call(client, "POST", f"distributions/{parent}/{follow_up}", body)
        assert faults_of(refused) == [("/dryRun", "extra_forbidden")]
    for method in ("Reminder", "ThankYou"):
        body = {**bodies["sms"], "method": method, "parentDistributionId": parent, "dryRun": True}
        assert faults_of(call(client, "POST", "distributions/sms", body)) == [("/dryRun", "not_supported")]
    assert all_stored() == before
