"""The OpenAPI document is generated once per process, since everybody may ask for it."""

import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

JSON = "application/vnd.oai.openapi+json"


def test_the_document_is_generated_once_and_not_sent_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    first = Client().get("/api/schema", headers={"accept": JSON})
    assert first.status_code == 200

    def generate_again(*_: object, **__: object) -> None:
        raise AssertionError("generated again")

    monkeypatch.setattr(SchemaGenerator, "get_schema", generate_again)
    second = Client().get("/api/schema", headers={"accept": JSON})
    assert (second.content, second["ETag"]) == (first.content, first["ETag"])
    known = Client().get("/api/schema", headers={"accept": JSON, "if-none-match": first["ETag"]})
    assert (known.status_code, known.content) == (304, b"")


def test_each_form_has_its_own_tag() -> None:
    tags = {Client().get("/api/schema", headers={"accept": form})["ETag"] for form in (JSON, "application/yaml")}
    assert len(tags) == 2
