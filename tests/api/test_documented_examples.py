"""The examples in docs/api.md and docs/dialects/lists-and-links.md work as written."""

import json
import re
from pathlib import Path

import pytest
from django.test import Client

from channels.models import Template
from contacts.channel import Channel
from contacts.models import Organization
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.models import Survey
from tests.support.api.lists_and_links import call, result_of
from tests.support.api.resources import BODIES, make, patch, post

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "api.md").read_text()
EXAMPLES = re.findall(r"^api (POST|PATCH) (\S+) '(\{.*?\})'(?:   #[^\n]*)?$", PAGE, re.MULTILINE | re.DOTALL)

OPT_IN = "contacts/$CONTACT_ID/opt-in"
OWNERS = {
    "CONTACT_ID": "contacts",
    "LIST_ID": "lists",
    "TEMPLATE_ID": "templates",
    "PROVIDER_ID": "providers",
}


def test_every_resource_has_an_example() -> None:
    assert {path for method, path, _body in EXAMPLES if method == "POST"} == {*BODIES, OPT_IN, "erasures"}
    assert {path.partition("/")[0] for method, path, _body in EXAMPLES if method == "PATCH"} == {
        *("contacts", "lists", "templates", "providers")
    }


@pytest.mark.parametrize(("method", "path", "body"), EXAMPLES, ids=lambda part: part if len(part) < 30 else "body")
def test_an_example_works(client: Client, organization: Organization, method: str, path: str, body: str) -> None:
    organization.allowed_redirect_hosts = ["survey.example.com"]
    organization.save()
    ids = {name: make(client, resource)["id"] for name, resource in OWNERS.items() if f"${name}" in path + body}
    if "$OTHER_ID" in body:
        ids["OTHER_ID"] = make(client, "providers", name="Other")["id"]
    for name, row_id in ids.items():
        path, body = path.replace(f"${name}", row_id), body.replace(f"'${name}'", row_id)
    response = (post if method == "POST" else patch)(client, path, json.loads(body))
    is_new = method == "POST" and not path.endswith(("/opt-in", "erasures"))
    assert response.status_code == (201 if is_new else 200), response.content


def test_the_walk_through_lists_and_links_is_answered_step_by_step(
    client: Client, organization: Organization, templates: dict[Channel, Template], defaults: None, survey: Survey
) -> None:
    """Each `$CG` and the like stands for the last returned ID of its kind."""
    page = (DOCS / "dialects" / "lists-and-links.md").read_text()
    calls = re.findall(r"^v3 (GET|POST) (\S+)(?: '(\{.*\})')?$", page, re.MULTILINE)
    assert len(calls) == 10
    known = {
        "UR": public_id(Kind.LIBRARY, organization.pk),
        "MS": public_id(Kind.MESSAGE, templates[Channel.EMAIL].pk),
    }
    results = []
    for method, path, body in calls:
        for name, row_id in known.items():
            path, body = path.replace(f"${name}", row_id), body.replace(f"'${name}'", row_id)
        results.append(result_of(call(client, method, path, body or None)))
        for prefix in ("POOL", "SV", "CG", "CID", "EMD"):
            if found := re.findall(rf"{prefix}_[0-9A-Za-z]{{15}}", json.dumps(results[-1])):
                known[prefix] = found[0]
    [link] = results[6]["elements"]
    assert (link["link"], link["externalDataReference"]) == (results[5]["link"], "PAT-1")
    assert (results[-1]["requestType"], results[-1]["requestStatus"]) == ("Reminder", "Pending")
