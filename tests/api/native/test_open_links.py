"""POST /api/v1/links without a contact: an anonymous link that is nobody's."""

import json
from typing import Any

import pytest
from django.test import Client

from contacts.models import Contact
from distributor.engine.audience.clone import CloneRefusal, CloneRefusedError, clone
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Distribution, OpenLink, Survey
from tests.support.api.bodies import faults_in
from tests.support.api.lists_and_links_bodies import defaults

__all__ = ["defaults"]


def make(client: Client, survey: Survey, **said: Any) -> Any:
    body = {"surveyId": str(survey.pk), "linkType": "anonymous", **said}
    return client.post("/api/v1/links", json.dumps(body), content_type="application/json")


@pytest.mark.usefixtures("defaults")
def test_a_link_is_made_for_nobody(client: Client, survey: Survey) -> None:
    answer = make(client, survey, name="Poster", attributes={"place": "lobby"})
    assert answer.status_code == 201, answer.content
    made, link = answer.json(), OpenLink.objects.get()
    assert made == {
        "contactId": None,
        "externalId": None,
        "email": None,
        "emailUnicode": None,
        "code": link.code,
        "link": f"http://localhost:8000/p/{link.code}",
        "distributionId": str(link.distribution_id),
    }
    context = client.get(f"/api/v1/links/{link.code}").json()
    assert (context["contact"], context["attributes"]) == (None, {"place": "lobby"})
    shown = client.get(f"/api/v1/distributions/{link.distribution_id}").json()
    assert (shown["name"], shown["status"], shown["totals"]["accepted"]) == ("Poster", "completed", 0)
    assert not Contact.objects.exists()
    with pytest.raises(CloneRefusedError) as refused:
        clone(Distribution.objects.get(), None, database_now(), source="test")
    assert refused.value.reason is CloneRefusal.NOBODY


def test_only_an_anonymous_link_needs_no_contact(client: Client, survey: Survey) -> None:
    assert faults_in(make(client, survey, linkType="one_time")) == [("/contact", "missing")]
    assert faults_in(make(client, survey, dryRun=True)) == [("/dryRun", "not_supported")]
