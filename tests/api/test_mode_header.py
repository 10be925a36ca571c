"""Every answer to an API key says what kind of key it is, in every API, so that nobody takes a test for a send."""

import pytest
from django.test import Client

from contacts.api_keys import create_api_key
from contacts.models import Organization
from contacts.models.api_key import KeyKind, Scope
from tests.hunt.wire.conftest import face, faces
from tests.support.api.faces import Face

__all__ = ["face", "faces"]
MODE = "X-Distributor-Mode"


def caller_of(organization: Organization, kind: KeyKind) -> Client:
    return Client(headers={"x-api-key": create_api_key(organization, kind, list(Scope), kind=kind)[1]})


def test_a_test_key_is_told_so_in_every_api(organization: Organization, face: Face) -> None:
    client = caller_of(organization, KeyKind.TEST)
    accepted = client.post(face.path, face.body, content_type="application/json")
    assert accepted.status_code == face.status
    assert accepted[MODE] == "test"
    refused = client.post(face.path, "{", content_type="application/json")
    assert refused.status_code == 400
    assert refused[MODE] == "test"


@pytest.mark.parametrize("kind", KeyKind.values)
def test_each_kind_of_key_has_its_mode(organization: Organization, kind: str) -> None:
    assert caller_of(organization, KeyKind(kind)).get("/api/v1/surveys")[MODE] == kind


@pytest.mark.django_db
def test_without_a_key_there_is_none() -> None:
    assert MODE not in Client().get("/api/v1/surveys")
