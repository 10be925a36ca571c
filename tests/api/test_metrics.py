"""`/metrics` is there for whoever has its token, and for nobody else."""

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from distributor.engine.metrics.collect import forget_metrics

TOKEN = "a long random token"


@pytest.fixture
def scraper(settings: Settings) -> Client:
    forget_metrics()
    settings.METRICS_TOKEN = TOKEN
    return Client()


@pytest.mark.django_db
def test_the_token_opens_it(scraper: Client) -> None:
    answer = scraper.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert "distributor_attempts" in {family.name for family in text_string_to_metric_families(answer.text)}


@pytest.mark.parametrize("given", [None, "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer ąę"])
def test_nothing_else_opens_it(scraper: Client, given: str | None) -> None:
    answer = scraper.get("/metrics", headers={"authorization": given} if given else {})
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    assert "distributor_" not in answer.text


@pytest.mark.django_db
def test_an_api_key_does_not_open_it(scraper: Client, client: Client) -> None:
    assert client.get("/metrics").status_code == 401


def test_without_the_setting_it_is_not_there(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = ""
    assert Client().get("/metrics", headers={"authorization": "Bearer "}).status_code == 404


def test_it_is_read_only(scraper: Client) -> None:
    assert scraper.post("/metrics", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 405
