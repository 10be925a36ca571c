"""The examples of docs/api.md are taken as they are written."""

import json
import re
from pathlib import Path

import pytest
from django.test import Client

from contacts.models import Organization
from tests.api.resources import BODIES, make, patch, post

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
EXAMPLES = re.findall(r"^api (POST|PATCH) (\S+) '(\{.*?\})'(?:   #[^\n]*)?$", PAGE, re.MULTILINE | re.DOTALL)

OWNERS = {
    "CONTACT_ID": "contacts",
    "LIST_ID": "lists",
    "TEMPLATE_ID": "templates",
    "PROVIDER_ID": "providers",
}


def test_every_resource_has_an_example() -> None:
    assert {path for method, path, _body in EXAMPLES if method == "POST"} == set(BODIES)
    assert {path.partition("/")[0] for method, path, _body in EXAMPLES if method == "PATCH"} == {
        *("contacts", "lists", "templates", "providers")
    }


@pytest.mark.parametrize(("method", "path", "body"), EXAMPLES, ids=lambda part: part if len(part) < 30 else "body")
def test_an_example_is_taken(client: Client, organization: Organization, method: str, path: str, body: str) -> None:
    organization.allowed_redirect_hosts = ["survey.example.com"]
    organization.save()
    ids = {name: make(client, resource)["id"] for name, resource in OWNERS.items() if f"${name}" in path + body}
    if "$OTHER_ID" in body:
        ids["OTHER_ID"] = make(client, "providers", name="Other")["id"]
    for name, row_id in ids.items():
        path, body = path.replace(f"${name}", row_id), body.replace(f"'${name}'", row_id)
    response = (post if method == "POST" else patch)(client, path, json.loads(body))
    assert response.status_code == (201 if method == "POST" else 200), response.content
