from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from channels.events import Event, EventKind
from channels.models import ProviderAccount
from distributor.engine.feedback.ingest import ingest_events
from distributor.engine.journey.attempts import attempt_id
from distributor.engine.route.step_context import as_account
from distributor.models import Attempt, Distribution, Recipient, Response
from distributor.rules.phrases import local
from tests.support.admin_pages import act, address, listed
from tests.support.engine.people import run_retries


def test_a_recipient_is_found_by_code_address_and_ids(operator: Client, anna: Recipient) -> None:
    for text in (anna.code, f" {anna.code} ", "ANNA@example.com", "anna", str(anna.contact_id)):
        assert listed(operator, Recipient, q=text) == [anna]


@pytest.mark.parametrize("text", ["ann", "abcdefghijkl", "nobody@example.com", "' OR 1=1 --"])
def test_parts_and_strangers_find_nobody(operator: Client, anna: Recipient, text: str) -> None:
    assert listed(operator, Recipient, q=text) == []


def test_the_state_filter_is_shown_within_one_distribution_only(operator: Client, distribution: Distribution) -> None:
    assert len(listed(operator, Recipient, state="failed")) == 3
    page = operator.get(address(Recipient, "changelist")).content.decode()
    assert "By state" not in page


def test_the_page_shows_the_timeline(operator: Client, anna: Recipient, response: Response) -> None:
    answer = operator.get(address(anna, "change"))
    assert [event.kind for event in answer.context["timeline"].events] == ["accepted", "sent", "opened", "responded"]
    page = answer.content.decode()
    assert page.index("<strong>accepted") < page.index("<strong>sent") < page.index("<strong>responded")
    assert "sandbox-" in page


def test_the_page_shows_what_the_provider_reported_and_when(operator: Client, anna: Recipient) -> None:
    attempt = Attempt.objects.get(recipient_id=anna.pk)
    account = ProviderAccount.objects.get(pk=attempt.provider_account_id)
    reported_at = attempt.begun_at + timedelta(minutes=3)
    events = [
        Event(f"their-{kind}", kind, reported_at, attempt_id(anna.pk, 1))
        for kind in (EventKind.DELIVERED, EventKind.COMPLAINED)
    ]
    ingest_events(as_account(account), events, reported_at)
    page = operator.get(address(anna, "change")).content.decode()
    assert f"{reported_at:%Y-%m-%d %H:%M:%S} UTC</time> <strong>delivered</strong> email" in page
    assert "<td>delivered, complained</td>" in page


def test_the_page_of_a_waiting_recipient_says_why_and_until_when(operator: Client, carla: Recipient) -> None:
    answer = operator.get(address(carla, "change"))
    events = [event.kind for event in answer.context["timeline"].events]
    assert (events[0], sorted(events[1:])) == ("accepted", ["deferred", "failed"])
    page = answer.content.decode()
    assert "<strong>due</strong> email" in page
    [decision] = answer.context["timeline"].decisions
    assert f"<td>deferred until {local(decision.until, ZoneInfo('Europe/Warsaw'))}: the provider could not" in page
    assert "The sandbox has a temporary fault." in page


def test_looking_at_a_recipient_opens_nothing(operator: Client, anna: Recipient) -> None:
    page = operator.get(address(anna, "change")).content.decode()
    assert f'href="/p/{anna.code}' not in page
    anna.refresh_from_db()
    assert anna.first_opened_at is None


def test_a_response_is_found_like_its_recipient(operator: Client, anna: Recipient, response: Response) -> None:
    for text in (anna.code, "anna@example.com", "anna"):
        assert listed(operator, Response, q=text) == [response]
    assert listed(operator, Response, q="bob") == []
    assert "Kind people" in operator.get(address(response, "change")).content.decode()


def test_selected_recipients_are_sent_to_again_if_they_failed(
    operator: Client, anna: Recipient, distribution: Distribution
) -> None:
    bob = Recipient.objects.get(contact__external_id="bob")
    assert "sending again to 1 recipient." in act(operator, "retry_selected", anna, bob)
    run_retries()
    assert dict(Recipient.objects.values_list("contact__external_id", "state")) == {
        "anna": "finished",
        "bob": "waiting",
        "carla": "waiting",
    }
