"""The same intent, said in each face that has words for it, comes to the same: the native API is the yardstick."""

from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from contacts.api_keys import create_api_key
from contacts.ids import new_id
from contacts.models import Contact, MailingList, Membership
from contacts.models.api_key import Scope
from distributor.models import Survey
from tests.conformance.faces import FACES, NATIVE, Face, World
from tests.conformance.intents import INTENTS, KNOWN, Intent
from tests.conformance.meaning import outcome_of, read_meaning
from tests.support.acme import make_accounts, make_organization, make_templates
from tests.support.api.single_send import set_defaults

MATRIX = [(intent, face) for intent in INTENTS for face in FACES if face.can_say(intent)]


@pytest.fixture
def world(db: None) -> World:
    """An organisation for one test, because the settings of intents change it."""
    organization = make_organization()
    survey = Survey.objects.create(organization=organization, name="Your stay")
    accounts, templates = make_accounts(organization), make_templates(organization)
    client = Client(headers={"x-api-key": create_api_key(organization, "tests", list(Scope))[1]})
    set_defaults(accounts, templates)
    mailing_list = MailingList.objects.create(organization=organization, name="Ward B")
    for person in KNOWN:
        contact = Contact.objects.create(
            id=new_id(),
            organization=organization,
            email=person.email,
            phone=person.phone,
            first_name=person.first_name,
            last_name=person.last_name,
        )
        Membership.objects.create(mailing_list=mailing_list, contact=contact)
    return World(client, survey, accounts, templates, mailing_list)


def come_to(intent: Intent, face: Face, world: World) -> dict[str, Any]:
    """What it means when a face says it; undone, so that the next finds all as it was."""
    known_ids = set(Contact.objects.values_list("pk", flat=True))
    with transaction.atomic():
        intent.setting(world.survey.organization, world.survey)
        face.say(intent, world)
        meaning = read_meaning(world, known_ids)
        transaction.set_rollback(True)
    return meaning


@pytest.mark.parametrize(("intent", "face"), MATRIX, ids=lambda part: part.name)
def test_what_is_said_in_a_dialect_means_what_it_means_in_the_native_api(
    intent: Intent, face: Face, world: World
) -> None:
    meant = come_to(intent, NATIVE, world)
    assert outcome_of(meant) == {person.email: outcome for person, outcome in intent.outcome.items()}
    assert come_to(intent, face, world) == meant


def test_every_intent_is_said_by_the_yardstick_and_by_a_dialect() -> None:
    assert [intent.name for intent in INTENTS if not NATIVE.can_say(intent)] == []
    assert {intent.name for intent, _ in MATRIX} == {intent.name for intent in INTENTS}
    assert {face.name for _, face in MATRIX} == {face.name for face in FACES}
