"""Unknown keys of a quick body are ignored and named."""

import json
from typing import Any

import pytest
from django.test import Client

from contacts.models import Contact
from distributor.models import Distribution
from tests.support.api.bodies import changed
from tests.support.api.faces import Face

SUGGESTED = [
    ("/scheduledat", "scheduledAt"),
    ("/scheduled_at", "scheduledAt"),
    ("/schedule", "scheduledAt"),
    ("/chanelMode", "channelMode"),
    ("/dry-run", "dryRun"),
    ("/contacts/0/external_id", "externalId"),
    ("/contacts/0/firstname", "firstName"),
    ("/contacts/0/e-mail", "email"),
    ("/contacts/0/embededData", "embeddedData"),
    ("/channels/0/provider_id", "providerId"),
    ("/channels/0/templateID", "templateId"),
    ("/settings/excludeOptOut", "excludeOptedOut"),
]


@pytest.mark.parametrize(("pointer", "meant"), SUGGESTED)
def test_a_misspelt_key_is_named_with_what_was_meant(
    client: Client, faces: dict[str, Face], pointer: str, meant: str
) -> None:
    face = faces["quick"]
    body = changed({**face.body, "settings": {}}, pointer, "2030-01-01T00:00:00Z")
    answer = face.post(client, json.dumps(body).encode())
    assert answer.status_code == 201
    warning = {"pointer": pointer, "code": "unknown_key", "detail": f"Unknown key, ignored. Did you mean {meant}?"}
    assert answer.json()["warnings"] == [warning]
    assert Contact.objects.get().external_id == "PAT-1"
    assert Distribution.objects.get().scheduled_at is None


def test_a_key_like_no_other_has_no_suggestion(client: Client, faces: dict[str, Face]) -> None:
    body = {**faces["quick"].body, "zzz": 1, "x" * 100_000: 2}
    warnings = faces["quick"].post(client, json.dumps(body).encode()).json()["warnings"]
    assert warnings[0] == {"pointer": "/zzz", "code": "unknown_key", "detail": "Unknown key, ignored."}
    assert len(json.dumps(warnings)) < 1_000


def test_without_unknown_keys_there_are_no_warnings(client: Client, faces: dict[str, Face]) -> None:
    """Keys within embeddedData are the caller's own."""
    answer: dict[str, Any] = faces["quick"].post(client).json()
    assert list(answer) == ["distributionId", "mailingListId", "recipientCount", "personalLinks", "status", "skipped"]


def test_warnings_are_bounded(client: Client, faces: dict[str, Face]) -> None:
    body = {**faces["quick"].body, **{f"key{number}": number for number in range(30_000)}}
    response = faces["quick"].post(client, json.dumps(body).encode())
    assert response.status_code == 201
    assert len(response.json()["warnings"]) == 101
    assert response.json()["warnings"][-1]["detail"] == "29,900 more keys are unknown and were ignored."


@pytest.mark.parametrize(
    "pointer", ["/scheduledat", "/chanelMode", "/contacts/0/firstname", "/channels/0/kind", "/zzz"]
)
def test_a_dry_run_warns_as_the_call_does(client: Client, faces: dict[str, Face], pointer: str) -> None:
    body = changed(faces["quick"].body, pointer, "x")
    foreseen = faces["quick"].post(client, json.dumps({**body, "dryRun": True}).encode()).json()["warnings"]
    assert [warning["pointer"] for warning in foreseen] == [pointer]
    assert faces["quick"].post(client, json.dumps(body).encode()).json()["warnings"] == foreseen
