"""One accepted call of each face of the API."""

from typing import Any

import pytest

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.models import Organization
from distributor.models import Survey
from tests.support.api.faces import Face, envelope_error_of, error_texts_of, problem_of
from tests.support.api.lists_and_links import BASE, lists_path
from tests.support.api.recipient_add import PATH as RECIPIENT_ADD
from tests.support.api.recipient_add import make_list, person
from tests.support.api.single_send import PATH as SINGLE_SEND
from tests.support.api.single_send import set_defaults

FACES = ("native", "contacts", "quick", "single send", "lists and links", "recipient add")


@pytest.fixture
def faces(
    organization: Organization,
    survey: Survey,
    accounts: dict[Channel, ProviderAccount],
    templates: dict[Channel, Template],
) -> dict[str, Face]:
    set_defaults(accounts, templates)
    contact = {"externalId": "PAT-1", "email": "ann@example.com", "embeddedData": {"ward": "B"}}
    provider_id, template_id = str(accounts[Channel.EMAIL].pk), str(templates[Channel.EMAIL].pk)
    channel = {"channel": "email", "providerId": provider_id, "templateId": template_id}
    step = {"channel": "email", "providerIds": [provider_id], "templateId": template_id}
    saved = {"externalId": "PAT-2", "email": "bob@example.com"}
    survey_id, list_name = str(survey.pk), make_list(organization).name
    quick = {"surveyId": survey_id, "contacts": [contact], "channels": [channel]}
    native = {"surveyId": survey_id, "audience": {"contacts": [contact]}, "steps": [step]}
    single = {"form_id": survey_id, "recipients": [{"email": "ann@example.com"}]}
    added: dict[str, Any] = {"ListName": list_name, "RecipientList": [person()]}
    made = (
        Face("native", "/api/v1/distributions", native, 202, problem_of),
        Face("contacts", "/api/v1/contacts", saved, 201, problem_of),
        Face("quick", f"/api/surveys/{survey_id}/distributions/quick", quick, 201, problem_of),
        Face("single send", SINGLE_SEND, single, 201, problem_of),
        Face("lists and links", f"{BASE}/{lists_path(organization)}", {"name": "Ward B"}, 200, envelope_error_of),
        Face("recipient add", RECIPIENT_ADD, added, 200, error_texts_of),
    )
    return {face.name: face for face in made}


@pytest.fixture(params=FACES)
def face(request: pytest.FixtureRequest, faces: dict[str, Face]) -> Face:
    return faces[request.param]
