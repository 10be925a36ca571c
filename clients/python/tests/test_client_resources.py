"""Contacts, lists, surveys, templates, providers, suppressions, links and responses, on a real server."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from pytest_django.live_server_helper import LiveServer

from distributor.models import Survey
from distributor_client import AuthenticationError, ConflictError, InvalidRequestError, NotFoundError

UNKNOWN = "00000000-0000-7000-8fff-000000000000"


def test_contacts(distributor: Any) -> None:
    ann = distributor.contacts.save(external_id="PAT-1", email="ann@example.com", embedded_data={"wardName": "B"})
    assert isinstance(ann.id, UUID)
    assert isinstance(ann.created_at, datetime)
    again = distributor.contacts.save(external_id="PAT-1", first_name="Ann")
    assert (again.id, again.email, again.embedded_data) == (ann.id, "ann@example.com", {"wardName": "B"})
    changed = distributor.contacts.update(ann.id, first_name=None, phone="+48601234567")
    assert (changed.first_name or "", changed.phone) == ("", "+48601234567")
    assert [each.id for each in distributor.contacts.list(email="ANN@example.com")] == [ann.id]
    assert distributor.contacts.opt_out(ann.id).opted_out_at is not None
    assert distributor.contacts.opt_in(ann.id, source="form 12", requested_by_person=True).opted_out_at is None
    assert distributor.contacts.export(ann.id).contact.external_id == "PAT-1"
    assert distributor.contacts.erase_address("ann@example.com", dry_run=True).contact_ids == [ann.id]
    distributor.contacts.erase(ann.id)
    with pytest.raises(NotFoundError):
        distributor.contacts.get(ann.id)


def test_lists_and_pages(distributor: Any, defaults: None, survey: Survey) -> None:
    ward = distributor.lists.create("Ward A")
    assert distributor.lists.rename(ward.id, "Ward B").name == "Ward B"
    people = [distributor.contacts.save(external_id=f"P-{number}").id for number in range(5)]
    assert distributor.lists.change_members(ward.id, add=people).added_count == 5
    members = [each.id for each in distributor.lists.members(ward.id, page_size=2)]
    assert len(members) == 5
    assert set(members) == set(people)
    assert len({each.id for each in distributor.contacts.list(page_size=1)}) == 5
    assert {each.id for each in distributor.contacts.search(limit=2)} == set(people)
    assert distributor.lists.connect_survey(ward.id, survey_id=survey.pk).survey_id == survey.pk
    assert distributor.lists.connected_survey(ward.id).is_active
    distributor.lists.disconnect_survey(ward.id)
    distributor.lists.delete(ward.id)
    assert list(distributor.lists.list()) == []


def test_surveys_templates_and_providers(distributor: Any) -> None:
    survey = distributor.surveys.create(name="Your stay")
    assert distributor.surveys.update(survey.id, name="Your visit").name == "Your visit"
    texts = {"en": {"subject": "Hello", "text": "${link} ${unsubscribe}"}}
    template = distributor.templates.create(name="Invitation", channel="email", variants=texts)
    polish = {"pl": {"subject": "Pytanie", "text": "${link} ${unsubscribe}"}, "en": None}
    assert set(distributor.templates.update(template.id, variants=polish).variants) == {"pl"}
    account = distributor.providers.create(
        name="Mail", kind="sandbox", channel="email", from_email="surveys@acme.example"
    )
    assert not distributor.providers.update(account.id, is_active=False).is_active
    for resource, made in (
        (distributor.surveys, survey),
        (distributor.templates, template),
        (distributor.providers, account),
    ):
        assert resource.get(made.id).id == made.id
        assert [each.id for each in resource.list()] == [made.id]
        resource.delete(made.id)
        assert list(resource.list()) == []


def test_suppressions(distributor: Any) -> None:
    made = distributor.suppressions.create(channel="email", address="Ann@Example.com", reason="manual")
    assert distributor.suppressions.get(made.id).address == "ann@example.com"
    assert [each.id for each in distributor.suppressions.list(channel="email", address="ANN@example.com")] == [made.id]
    distributor.suppressions.delete(made.id)
    with pytest.raises(NotFoundError):
        distributor.suppressions.delete(made.id)


def test_links_and_responses(distributor: Any, defaults: None, survey: Survey) -> None:
    ann = {"external_id": "PAT-1", "email": "ann@example.com", "embedded_data": {"plan": "pro"}}
    assert distributor.links.create(survey_id=survey.pk, contact=ann, dry_run=True).recipient_count == 1
    link = distributor.links.create(survey_id=survey.pk, contact=ann)
    assert distributor.links.get(link.code).contact.external_id == "PAT-1"
    distributor.links.respond(link.code, {"rating": 5})
    [response] = distributor.responses.list(survey_id=survey.pk, attributes={"plan": "pro"})
    assert response.answers == {"rating": 5}
    assert list(distributor.responses.list(attributes={"plan": "free"})) == []
    with pytest.raises(ConflictError):
        distributor.links.respond(link.code, {"rating": 4})


def test_a_faulty_body_shows_all_faults_and_the_request(distributor: Any) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        distributor.contacts.save(email="no address", title="a\nb", emial="x")
    error = caught.value
    assert {fault.pointer for fault in error.faults} == {"/email", "/title", "/emial"}
    assert error.code == "invalid_request"
    assert error.request_id
    for part in ("/email", "/title", "/emial", error.request_id):
        assert part in str(error)


def test_other_refusals_have_classes_of_their_own(distributor: Any, connect: Any, live_server: LiveServer) -> None:
    with pytest.raises(NotFoundError):
        distributor.surveys.get(UNKNOWN)
    with pytest.raises(AuthenticationError):
        list(connect(live_server.url, "no key").surveys.list())
