"""A filter over many contacts keeps no thread of the web process: a dry run is stopped, and workers read the rest."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.models import Organization
from distributor.engine.acceptance import dry_run
from distributor.models import Expansion, Recipient, Survey

PATH = "/api/v1/distributions"
CONTACTS = 20_000  # reading them takes at least 5 ms


@pytest.fixture
def body(
    organization: Organization,
    survey: Survey,
    accounts: dict[Channel, ProviderAccount],
    templates: dict[Channel, Template],
) -> dict[str, Any]:
    """A call to everybody in ward B, of whom there is nobody among many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO contacts_contact (id, organization_id, external_id, email, phone, first_name, last_name,"
            " title, locale, time_zone, embedded_data, created_at, updated_at)"
            " SELECT gen_random_uuid(), %s, n, '', '', '', '', '', '', '', jsonb_build_object('ward', n), now(), now()"
            " FROM generate_series(1, %s) AS n",
            [organization.pk, CONTACTS],
        )
    step = {
        "channel": "email",
        "providerIds": [str(accounts[Channel.EMAIL].pk)],
        "templateId": str(templates[Channel.EMAIL].pk),
    }
    audience = {"filter": {"embeddedData": {"ward": "B"}}}
    return {"surveyId": str(survey.pk), "steps": [step], "audience": audience}


def post(client: Client, body: dict[str, Any]) -> Any:
    return client.post(PATH, json.dumps(body), content_type="application/json")


def test_a_dry_run_that_reads_for_too_long_is_stopped(
    client: Client, body: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    dry = {**body, "dryRun": True}
    assert post(client, dry).json()["contactCount"] == 0
    monkeypatch.setattr(dry_run, "READING_SECONDS", 0.001)
    stopped = post(client, dry)
    assert (stopped.status_code, stopped.json()["code"]) == (503, "took_too_long")
    assert "workers read the audience" in stopped.json()["detail"]
    # The limit was the transaction's: the next call has the process's own.
    monkeypatch.undo()
    assert post(client, dry).status_code == 200


def test_sending_to_a_filter_reads_no_contact_in_the_call(client: Client, body: dict[str, Any]) -> None:
    with CaptureQueriesContext(connection) as queries:
        accepted = post(client, body)
    assert accepted.status_code == 202
    assert not [query for query in queries if "embedded_data @>" in query["sql"]]
    assert Expansion.objects.filter(embedded_data={"ward": "B"}).exists()
    assert not Recipient.objects.exists()
