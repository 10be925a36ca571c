"""POST and GET /api/v1/distributions/{id}/retry, and GET …/unreached: send again to recipients who were not reached."""

import json
from typing import Any

import pytest
from django.test import Client

from channels.models import ProviderAccount
from contacts.api_keys import create_api_key
from contacts.channel import Channel
from contacts.models import Organization
from contacts.models.api_key import Scope
from distributor.engine.acceptance.accept import Accepted
from distributor.engine.control import cancel
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Distribution, ManualRetry
from tests.engine.conftest import Send, ask, send
from tests.support.engine.people import dispatch, fail_addresses, run_retries, totals_of

__all__ = ["ask", "send"]

pytestmark = pytest.mark.django_db
NOBODY = "01a20000-0000-7000-8000-000000000000"


@pytest.fixture
def sent(send: Send, accounts: dict[Channel, ProviderAccount]) -> Accepted:
    """Three people by e-mail, of whom the first two failed. The provider works again."""
    fail_addresses(accounts[Channel.EMAIL], person0="permanent", person1="permanent")
    accepted = send(3)
    dispatch()
    ProviderAccount.objects.update(configuration={})
    return accepted


def path_of(accepted: Accepted, page: str = "retry") -> str:
    return f"/api/v1/distributions/{accepted.distribution.pk}/{page}"


def ask_for(client: Client, accepted: Accepted, body: Any, **headers: str) -> Any:
    return client.post(path_of(accepted), json.dumps(body), content_type="application/json", headers=headers)


def test_a_retry_is_accepted_and_read_back_with_its_progress(client: Client, sent: Accepted) -> None:
    response = ask_for(client, sent, {})
    assert response.status_code == 202, response.content
    answer = response.json()
    assert (answer["state"], answer["retried"]) == ("running", 0)
    assert client.get(f"/api/v1/distributions/{sent.distribution.pk}").json()["status"] == "sending"
    run_retries()
    dispatch()
    assert totals_of(sent) == {"sent": 3}
    [listed] = client.get(path_of(sent)).json()["items"]
    assert listed == {"id": answer["id"], "state": "done", "retried": 2, "createdAt": answer["createdAt"]}
    recipient = client.get(path_of(sent, "recipients")).json()["items"][0]
    assert [event["event"] for event in recipient["story"]] == ["accepted", "failed", "retried", "sent"]
    assert recipient["decisions"][0]["detail"]["askedBy"] == "API key tests"


def test_a_dry_run_counts_and_sends_nothing(client: Client, sent: Accepted) -> None:
    response = ask_for(client, sent, {"dryRun": True})
    assert response.status_code == 200
    answer = response.json()
    assert (answer["id"], answer["state"], answer["unreached"]["recipients"]) == (None, "dry_run", 2)
    assert not ManualRetry.objects.exists()
    assert totals_of(sent) == {"failed": 2, "sent": 1}


def test_the_unreached_are_counted_by_reason_with_the_providers_words(client: Client, sent: Accepted) -> None:
    answer = client.get(path_of(sent, "unreached")).json()
    [group] = answer["groups"]
    assert (answer["recipients"], group["recipients"]) == (2, 2)
    assert (group["outcome"], group["reason"], group["channel"]) == ("failed", "refused", "email")
    assert group["detail"]


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"reasons": ["refused"]}, 2),
        ({"reasons": ["bounced"]}, 0),
        ({"channels": ["sms"]}, 0),
        ({"codes": ["550"]}, 2),
        ({"codes": ["", "551"]}, 0),
        ({"outcomes": ["indeterminate"]}, 0),
        ({"outcomes": None, "reasons": None, "stepIds": None}, 2),
        ({"contactIds": [NOBODY]}, 0),
    ],
)
def test_it_may_concern_some_only(client: Client, sent: Accepted, filters: dict[str, Any], count: int) -> None:
    assert ask_for(client, sent, {**filters, "dryRun": True}).json()["unreached"]["recipients"] == count


def test_one_recipient_is_sent_to_again(client: Client, sent: Accepted) -> None:
    contact_id = str(sent.recipients[1].contact.id)
    assert ask_for(client, sent, {"contactIds": [contact_id]}).status_code == 202
    run_retries()
    states = [recipient["state"] for recipient in client.get(path_of(sent, "recipients")).json()["items"]]
    assert states == ["failed", "waiting", "sent"]


def test_faults_are_named_all_at_once_and_nothing_is_started(client: Client, sent: Accepted) -> None:
    body = {
        "outcomes": ["sent"],
        "channels": ["fax"],
        "stepIds": ["x"],
        "reasons": ["a\0b", "x" * 32],
        "contactIds": "x",
        "dryrun": 1,
    }
    response = ask_for(client, sent, body)
    assert response.status_code == 400
    pointers = {fault["pointer"] for fault in response.json()["errors"]}
    assert pointers == {
        "/outcomes/0",
        "/channels/0",
        "/stepIds/0",
        "/reasons/0",
        "/reasons/1",
        "/contactIds",
        "/dryrun",
    }
    assert not ManualRetry.objects.exists()


def test_a_distribution_that_has_ended_is_not_retried(client: Client, sent: Accepted) -> None:
    Distribution.objects.update(not_after=database_now())
    response = ask_for(client, sent, {})
    assert (response.status_code, response.json()["code"]) == (409, "distribution_expired")


def test_a_distribution_that_is_cancelled_is_not_retried(client: Client, send: Send) -> None:
    accepted = send(1)
    cancel(accepted.distribution.pk, database_now())
    for body in ({}, {"dryRun": True}):
        response = ask_for(client, accepted, body)
        assert (response.status_code, response.json()["code"]) == (409, "distribution_cancelled")


def test_a_repeated_call_with_a_key_starts_one_retry(client: Client, sent: Accepted) -> None:
    answers = [ask_for(client, sent, {}, **{"idempotency-key": "a"}).json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert ManualRetry.objects.count() == 1


def test_it_is_for_the_owner_with_the_scope(client: Client, sent: Accepted, organization: Organization) -> None:
    other = Organization.objects.create(name="Other", slug="other")
    stranger = Client(headers={"x-api-key": create_api_key(other, "x", list(Scope))[1]})
    reader = Client(headers={"x-api-key": create_api_key(organization, "x", [Scope.READ])[1]})
    assert ask_for(stranger, sent, {}).status_code == 404
    assert stranger.get(path_of(sent, "unreached")).status_code == 404
    assert ask_for(reader, sent, {}).status_code == 403
    assert reader.get(path_of(sent)).status_code == 200
