"""POST /api/v1/distributions: what is accepted, and what is kept of it."""

import json
from datetime import UTC, datetime
from typing import Any

from django.test import Client

from channels.models import SandboxMessage
from contacts.models import Contact, MailingList
from distributor.engine.audience.expand import expand_chunk
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Distribution, Recipient, StepAccount
from tests.api.native.create_distribution.conftest import PATH, Post
from tests.support.api.bodies import people
from tests.support.engine.people import dispatch


def test_contacts_are_accepted_with_their_links_and_sent_to(
    client: Client, post_it: Post, sending: dict[str, Any]
) -> None:
    response = post_it({**sending, "audience": {"contacts": people(2)}})
    assert response.status_code == 202, response.content
    answer = response.json()
    links = answer.pop("links")
    assert answer == client.get(f"{PATH}/{answer['id']}").json()
    assert (answer["status"], answer["source"], answer["totals"]["waiting"]) == ("sending", "native", 2)
    assert [one["externalId"] for one in links] == ["PAT-0", "PAT-1"]
    assert [one["link"].rpartition("/p/")[2] for one in links] == [one["code"] for one in links]
    assert {one["code"] for one in links} == set(Recipient.objects.values_list("code", flat=True))
    dispatch()
    assert SandboxMessage.objects.count() == 2


def test_a_link_for_several_responses_stays_open(client: Client, post_it: Post, sending: dict[str, Any]) -> None:
    [link] = post_it({**sending, "linkType": "multiple"}).json()["links"]
    path = f"/api/v1/links/{link['code']}"
    ids = set()
    for score in range(3):
        body = json.dumps({"answers": {"score": score}})
        stored = client.post(f"{path}/responses", body, content_type="application/json")
        assert stored.status_code == 201
        ids.add(stored.json()["id"])
        assert client.get(path).json()["state"] == "open"
    assert len(ids) == 3
    totals = client.get(f"{PATH}/{Distribution.objects.get().pk}").json()["totals"]
    assert totals["responded"] == 1


def test_everything_that_can_be_said_is_kept(post_it: Post, full: dict[str, Any]) -> None:
    response = post_it(full)
    assert response.status_code == 202, response.content
    row = Distribution.objects.get()
    assert (row.name, row.mode, row.link_type) == ("CSAT", "multi", "anonymous")
    assert (row.scheduled_at, row.not_after, row.expires_at) == (
        datetime(2030, 5, 1, 8, tzinfo=UTC),
        datetime(2030, 5, 2, 8, tzinfo=UTC),
        datetime(2030, 6, 1, 8, tzinfo=UTC),
    )
    assert (row.exclude_opted_out, row.respect_frequency_rules) == (True, False)
    assert (row.exclude_recently_contacted, row.recent_contact_days) == (True, 7)
    assert (row.throttle_minutes, row.throttle_policy) == (90, "skip")
    step = row.steps.get()
    assert (step.priority, step.fallback_delay_minutes) == (2, 60)
    assert (step.from_email, step.from_name, step.reply_to_email) == (
        "ward@acme.example",
        "Ward B",
        "desk@acme.example",
    )
    assert step.subject == "${contact:firstName|You}, how was it?"
    assert list(StepAccount.objects.values_list("position", "weight")) == [(0, 3), (1, 1)]
    ann = Recipient.objects.get(contact__external_id="PAT-1")
    assert (ann.locale, ann.attributes, ann.baseline_sent_at) == ("pl", {"ward": "B"}, datetime(2026, 1, 1, tzinfo=UTC))
    assert ann.batch.due_at == datetime(2030, 5, 1, 8, tzinfo=UTC)
    assert not Contact.objects.filter(embedded_data__has_any_keys=["send_at", "locale"]).exists()


def test_null_counts_as_not_given(post_it: Post, sending: dict[str, Any]) -> None:
    optional = (
        "name",
        "channelMode",
        "stopsOn",
        "scheduledAt",
        "notAfter",
        "expiresAt",
        "rules",
        "throttle",
        "linkType",
        "send",
    )
    response = post_it({**sending, **dict.fromkeys(optional)})
    assert response.status_code == 202, response.content
    row = Distribution.objects.get()
    assert (row.mode, row.link_type, row.throttle_minutes) == ("single", "one_time", None)


def test_a_list_that_fits_into_a_chunk_is_expanded_in_the_call(
    client: Client, post_it: Post, sending: dict[str, Any], mailing_list: MailingList
) -> None:
    response = post_it({**sending, "audience": {"listId": str(mailing_list.pk)}})
    assert response.status_code == 202, response.content
    answer = response.json()
    assert (answer["status"], answer["links"], answer["totals"]["accepted"]) == ("sending", None, 4)
    assert answer["mailingListId"] == str(mailing_list.pk)
    assert client.get(f"{PATH}/{answer['id']}").json()["totals"] == answer["totals"]


def test_a_filter_is_accepted_at_once_and_expanded_by_workers(
    client: Client, post_it: Post, sending: dict[str, Any], crowd: list[Contact]
) -> None:
    Contact.objects.filter(pk=crowd[3].pk).update(embedded_data={"ward": "B"})
    answer = post_it({**sending, "audience": {"filter": {"embeddedData": {"ward": "B"}}}}).json()
    assert (answer["status"], answer["totals"]["accepted"]) == ("preparing", 0)
    expand_chunk(database_now())
    now = client.get(f"{PATH}/{answer['id']}").json()
    assert (now["status"], now["totals"]["waiting"]) == ("sending", 1)


def test_contacts_by_their_ids_and_by_filter(post_it: Post, sending: dict[str, Any], crowd: list[Contact]) -> None:
    Contact.objects.filter(pk=crowd[3].pk).update(embedded_data={"ward": "B", "age": 5})
    audiences = [
        {"contactIds": [str(one.pk) for one in crowd[:2]]},
        {"filter": {"embeddedData": {"ward": "B"}}},
    ]
    for audience, expected in zip(audiences, ({crowd[0].pk, crowd[1].pk}, {crowd[3].pk}), strict=True):
        answer = post_it({**sending, "audience": audience}).json()
        expand_chunk(database_now())
        found = Recipient.objects.filter(distribution=answer["id"])
        assert set(found.values_list("contact_id", flat=True)) == expected


def test_without_sending_everybody_gets_a_link_and_no_message(post_it: Post, sending: dict[str, Any]) -> None:
    answer = post_it({**sending, "send": False}).json()
    dispatch()
    assert (answer["totals"]["registered"], answer["status"], len(answer["links"])) == (1, "completed", 1)
    assert not SandboxMessage.objects.exists()
