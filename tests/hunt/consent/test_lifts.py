"""Who lifts a no: the person what they said themselves, anybody what was only reported."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from channels.events import EventKind
from contacts.channel import Channel
from contacts.models import ConsentEvent, Contact, MailingList, Membership, Organization, Suppression
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.engine.infrastructure.clock import database_now
from tests.engine.conftest import Send
from tests.support.api.lists_and_links import call, lists_path
from tests.support.engine.people import dispatch, totals_of
from tests.support.engine.provider_events import event_of, report_events
from tests.support.engine.signals import (
    PHONE,
    Accounts,
    click_unsubscribe,
    report_opt_out,
    stop_by,
)

pytestmark = pytest.mark.django_db


def test_start_takes_back_a_stop_and_all_that_it_closed(send: Send, accounts: Accounts) -> None:
    accepted = send(1, Channel.SMS)
    dispatch()
    stop_by(accounts, Channel.SMS)(accepted)
    report_events(accounts[Channel.WHATSAPP], event_of(accepted, EventKind.STARTED, attempt_id="", address=PHONE))
    assert not Suppression.objects.exists()
    for channel in Channel:
        assert totals_of(send(1, channel)) == {"waiting": 1}
    assert list(ConsentEvent.objects.order_by("pk").values_list("what", flat=True)) == ["stop", "start"]


def test_start_takes_back_nothing_else(send: Send, accounts: Accounts) -> None:
    accepted = send(1, Channel.SMS)
    dispatch()
    click_unsubscribe(accepted)
    stop_by(accounts, Channel.SMS)(accepted)
    report_events(accounts[Channel.SMS], event_of(accepted, EventKind.STARTED, attempt_id="", address=PHONE))
    assert totals_of(send(1, Channel.EMAIL)) == {"skipped": 1}


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_crm_that_says_unsubscribed_false_lifts_nothing(
    send: Send, client: Client, organization: Organization, method: str
) -> None:
    accepted = send(1)
    click_unsubscribe(accepted)
    contact = Contact.objects.get()
    made = MailingList.objects.create(organization=organization, name="Ward B")
    Membership.objects.create(mailing_list=made, contact=contact)
    path = f"{lists_path(organization)}/{public_id(Kind.MAILING_LIST, made.pk)}/contacts"
    body: dict[str, Any] = {"extRef": "PAT-0", "unsubscribed": False}
    if method == "PUT":
        path += f"/{public_id(Kind.CONTACT, contact.pk)}"
    assert call(client, method, path, body).status_code == 200
    contact.refresh_from_db()
    assert contact.opted_out_at is not None


@pytest.mark.parametrize("reason", ["stop", "complaint"])
def test_a_stop_and_a_complaint_are_lifted_by_the_person_only(
    client: Client, organization: Organization, reason: str
) -> None:
    row = Suppression.objects.create(organization=organization, channel="sms", address=PHONE, reason=reason)
    response = client.delete(f"/api/v1/suppressions/{row.pk}")
    assert (response.status_code, response.json()["code"]) == (409, "lifted_by_the_person_only")
    assert Suppression.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"source": ""}, 400),
        ({"source": "front desk"}, 409),
        ({"source": "front desk", "requestedByPerson": False}, 409),
        ({"source": "front desk", "requestedByPerson": True}, 200),
    ],
)
def test_opting_in_says_who_asked(send: Send, client: Client, body: dict[str, Any], status: int) -> None:
    accepted = send(1)
    click_unsubscribe(accepted)
    contact_id = accepted.recipients[0].contact.id
    path = f"/api/v1/contacts/{contact_id}/opt-in"
    response = client.post(path, json.dumps(body), content_type="application/json")
    assert response.status_code == status
    assert (Contact.objects.get().opted_out_at is None) == (status == 200)


def test_a_reported_opt_out_is_lifted_by_whoever_reports(send: Send, client: Client) -> None:
    accepted = send(1)
    report_opt_out(accepted)
    path = f"/api/v1/contacts/{accepted.recipients[0].contact.id}/opt-in"
    assert client.post(path, '{"source": "CRM"}', content_type="application/json").status_code == 200
    assert totals_of(send(1)) == {"waiting": 1}


def test_a_second_stop_stops_what_was_accepted_since_the_first(send: Send, accounts: Accounts) -> None:
    """The organisation lets a STOP close the number only, so an e-mail waits when the person says it again."""
    Organization.objects.update(stop_closes="channel")
    accepted = send(1, Channel.SMS)
    dispatch()
    stop_by(accounts, Channel.SMS)(accepted)
    waiting = send(1, Channel.EMAIL, scheduled_at=database_now() + timedelta(days=1))
    stop_by(accounts, Channel.SMS)(accepted)
    assert totals_of(waiting) == {"stopped": 1}


def test_several_starts_are_lifted_together(send: Send, accounts: Accounts, django_assert_max_num_queries: Any) -> None:
    accepted = send(20, Channel.SMS)
    phones = [f"+486000{number:05}" for number in range(20)]
    sms = accounts[Channel.SMS]
    stops = [event_of(accepted, EventKind.STOPPED, attempt_id="", address=phone) for phone in phones]
    report_events(sms, *stops)
    later = database_now() + timedelta(minutes=1)
    starts = [event_of(accepted, EventKind.STARTED, attempt_id="", address=each, occurred_at=later) for each in phones]
    with django_assert_max_num_queries(20):
        report_events(sms, *starts)
    assert not Suppression.objects.exists()
    assert not Contact.objects.exclude(opted_out_at=None).exists()
