"""Erasing a person from what sends said for themselves: names, attributes, subjects and texts of their own."""

from dataclasses import replace
from typing import Final

import pytest

from channels.models import KeptText, Template, TemplateVariant
from contacts.models import Contact, Organization
from distributor.engine.acceptance.accept import accept
from distributor.engine.consent.erase import erase_contact
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Step
from distributor.rules.requests import NO_TEMPLATE, DistributionRequest
from tests.engine.conftest import Ask
from tests.support.engine.people import given
from tests.support.engine.traces import traces

pytestmark = pytest.mark.django_db
WORDS: Final = ("quixote", "dulcinea")
EMAIL: Final = "quixote@example.com"
PERSON: Final = {"external_id": "PAT-QUIXOTE", "email": EMAIL, "first_name": "Dulcinea", "last_name": "Quixote"}


def test_distributions_that_left_the_person_out_forget_them_too(ask: Ask, organization: Organization) -> None:
    """Among others: what is for everybody keeps all but their words."""
    contact = Contact.objects.create(organization=organization, opted_out_at=database_now(), **PERSON)
    request = ask([{"contact_id": contact.pk}, given(0)], name=f"With {EMAIL}", attributes={"for": "Dulcinea Quixote"})
    accepted = accept(organization, None, with_own_text(request, f"With {EMAIL}: ${{link}}"), database_now())
    assert [each.contact.id for each in accepted.skipped] == [contact.pk]
    erase_contact(contact.pk, database_now())
    assert traces(*WORDS) == {}
    accepted.distribution.refresh_from_db()
    assert (accepted.distribution.name, accepted.distribution.attributes) == ("With [erased]", {"for": "[erased]"})


def test_subjects_and_own_texts_of_a_send_forget_whom_they_name(ask: Ask, organization: Organization) -> None:
    """To the person alone the first name is theirs. In a text that others got as well, it may be any word."""
    alone = ask([PERSON], subject="Dulcinea, how was it?")
    accept(organization, None, with_own_text(alone, "Dear Dulcinea, ${link}"), database_now())
    shared = ask([PERSON, given(0)], subject=f"Dulcinea is at {EMAIL}")
    accept(organization, None, with_own_text(shared, "Dulcinea Quixote is in Dulcinea. ${link}"), database_now())
    erase_contact(Contact.objects.get(email=EMAIL).pk, database_now())
    assert list(Step.objects.order_by("pk").values_list("subject", flat=True)) == [
        "[erased], how was it?",
        "Dulcinea is at [erased]",
    ]
    variants = TemplateVariant.objects.filter(template__text_key__isnull=False)
    texts = {"Dear [erased], ${link}", "[erased] is in Dulcinea. ${link}"}
    assert set(variants.values_list("text", flat=True)) == texts
    own = Template.with_automatic.exclude(text_key=None)
    assert set(KeptText.objects.filter(template__in=own).values_list("text", flat=True)) == texts


def with_own_text(request: DistributionRequest, text: str) -> DistributionRequest:
    [step] = request.steps
    texts = {"en": {"subject": "Your visit", "html": "", "text": text}}
    return replace(request, steps=[replace(step, template_id=NO_TEMPLATE, texts=texts)])
