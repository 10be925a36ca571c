"""Anonymous links that many people have, and that one of them floods."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.test import Client
from pytest_django import Settings

from distributor.engine.responses.answer_limit import seconds_until_next_answer
from distributor.models import Distribution, Recipient, Response
from tests.support.journeys import make_sent_journey

pytestmark = pytest.mark.django_db


def make_shared(settings: Settings, limit: int) -> Recipient:
    settings.ANONYMOUS_ANSWERS_PER_MINUTE = limit
    recipient = make_sent_journey()
    Distribution.objects.filter(pk=recipient.distribution_id).update(link_type="anonymous")
    return recipient


def test_a_shared_link_takes_a_bounded_number_of_answers(client: Client, settings: Settings) -> None:
    """RFC 6585 §4: 429, with Retry-After."""
    first, second = make_shared(settings, 3), make_shared(settings, 3)
    statuses = [client.post(f"/p/{first.code}", {"score": "1"}).status_code for _ in range(5)]
    assert statuses == [303, 303, 303, 429, 429]
    refused = client.post(f"/p/{first.code}", {"score": "1"})
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert "Please try again in a minute." in refused.content.decode()
    assert client.post(f"/p/{second.code}", {"score": "1"}).status_code == 303
    assert Response.objects.count() == 4


def test_personal_links_are_not_bounded(client: Client, settings: Settings) -> None:
    settings.ANONYMOUS_ANSWERS_PER_MINUTE = 0
    assert client.post(f"/p/{make_sent_journey().code}", {"score": "1"}).status_code == 303


def test_simultaneous_answers_do_not_pass_the_limit_together(settings: Settings) -> None:
    recipient = make_shared(settings, 10)
    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda _: seconds_until_next_answer(recipient), range(40)))
    assert waits.count(0) == 10


def test_without_valkey_answers_are_taken(client: Client, settings: Settings) -> None:
    recipient = make_shared(settings, 0)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert client.post(f"/p/{recipient.code}", {"score": "1"}).status_code == 303
