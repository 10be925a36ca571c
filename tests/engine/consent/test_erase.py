"""Erasing a contact: nothing personal is left, and every sum is what it was."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from channels.models import SandboxMessage
from channels.own_texts import keep_own_text
from contacts.address_key import address_key
from contacts.channel import Channel
from contacts.contact_fields import ContactFields
from contacts.identity import UnknownContactsError, resolve_contacts
from contacts.models import Contact, MailingList, Membership, Organization, Suppression
from distributor.engine.acceptance.accept import accept
from distributor.engine.consent.erase import erase_contact
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.links import find_link
from distributor.engine.responses.record import LinkNotOpenError, record_response
from distributor.models import Attempt, Decision, ProviderEvent, Recipient, Response
from distributor.models.decision import DecisionKind
from distributor.rules.links import LinkState
from distributor.rules.requests import NO_TEMPLATE
from tests.engine.conftest import Ask, Send
from tests.support.engine.people import dispatch, given, totals_of
from tests.support.simultaneous import DEADLINE_SECONDS, run_together, wait_until_blocked

pytestmark = pytest.mark.django_db
PERSONAL: ContactFields = {
    "external_id": "personal-id",
    "email": "personal@example.com",
    "phone": "+48611222333",
    "first_name": "Personal",
    "last_name": "Personal",
    "embedded_data": {"personal": "personal"},
}
LATER = timedelta(days=1)


def traces(*words: str) -> dict[str, int]:
    """How many rows of each table hold one of the words, in any letter case."""
    found = {}
    for model in (model for model in apps.get_models() if not model._meta.proxy):
        with connection.cursor() as cursor:
            question = f"SELECT count(*) FROM {model._meta.db_table} AS one WHERE lower(one::text) LIKE ANY(%s)"
            cursor.execute(question, [[f"%{word.lower()}%" for word in words]])
            if count := cursor.fetchone()[0]:
                found[model.__name__] = count
    return found


def erase() -> None:
    erase_contact(Contact.objects.get(external_id="personal-id").pk, database_now())


def test_nothing_personal_is_left_anywhere(send: Send, organization: Organization) -> None:
    accepted = send([given(0), given(1, **PERSONAL)])
    dispatch()
    contact = Contact.objects.get(external_id="personal-id")
    Contact.objects.filter(pk=contact.pk).update(title="Personal", locale="pl", time_zone="Europe/Warsaw")
    Membership.objects.create(mailing_list=MailingList.objects.create(organization=organization), contact=contact)
    recipient = Recipient.objects.get(contact=contact)
    Attempt.objects.filter(recipient_id=recipient.pk).update(detail="550 <personal@example.com>: unknown user")
    Decision.objects.create(
        distribution_id=accepted.distribution.pk,
        contact_id=contact.pk,
        recipient_id=recipient.pk,
        kind=DecisionKind.REROUTED,
        reason="failed",
        detail={"code": "550", "detail": "<personal@example.com>: unknown user"},
        decided_at=database_now(),
    )
    ProviderEvent.objects.create(
        provider_account_id=contact.pk,
        event_id="1",
        kind="bounced",
        progress=0,
        trouble=0,
        recipient_id=recipient.pk,
        attempt_number=1,
        address="personal@example.com",
        detail="personal@example.com is unknown",
        raw={"email": "personal@example.com"},
        occurred_at=database_now(),
        received_at=database_now(),
    )
    record_response(recipient.code, {"score": 9}, database_now())
    expected = ("Contact", "Recipient", "Response", "SandboxMessage", "Attempt", "Decision", "ProviderEvent")
    assert traces("personal", "611222333").keys() == {*expected}
    erase()
    assert traces("personal", "611222333") == {}
    assert Membership.objects.count() == 0
    assert Decision.objects.get(recipient_id=recipient.pk).detail == {"code": "550"}
    assert Contact.objects.exclude(erased_at=None).get().pk == contact.pk


def test_others_keep_what_is_theirs(send: Send) -> None:
    send([given(0, email="personal@example.com"), given(1, **PERSONAL)])
    dispatch()
    record_response(Recipient.objects.earliest("pk").code, {"score": 9}, database_now())
    erase()
    other = Recipient.objects.select_related("contact").earliest("pk")
    assert (other.contact.email, other.attributes) == ("personal@example.com", {"department": "Cardiology"})
    assert Response.objects.get().attributes == {"department": "Cardiology"}
    assert SandboxMessage.objects.get().to == "personal@example.com"


def test_journeys_that_wait_are_stopped_and_every_sum_stays(send: Send) -> None:
    sent = send([given(0), given(1, **PERSONAL)])
    dispatch()
    waiting = send([given(0), given(1, **PERSONAL)], scheduled_at=database_now() + LATER)
    erase()
    assert totals_of(sent) == {"sent": 2}
    assert totals_of(waiting) == {"waiting": 1, "stopped": 1}
    decision = Decision.objects.get()
    assert (decision.kind, decision.reason) == ("stopped", "erased")


def test_links_are_closed_and_answers_stay(send: Send) -> None:
    answered, opened = send([given(1, **PERSONAL)]), send([given(1, **PERSONAL)])
    record_response(answered.recipients[0].code, {"score": 9}, database_now())
    erase()
    link = find_link(opened.recipients[0].code, database_now())
    assert link is not None
    assert link.state == LinkState.CANCELLED
    with pytest.raises(LinkNotOpenError):
        record_response(opened.recipients[0].code, {"score": 1}, database_now())
    assert Response.objects.get().answers == {"score": 9}


def test_a_suppressed_address_stays_suppressed_by_its_key(send: Send, organization: Organization) -> None:
    send([given(1, **PERSONAL)])
    Suppression.objects.create(
        organization=organization, channel=Channel.EMAIL, address="personal@example.com", reason="complaint"
    )
    erase()
    assert Suppression.objects.get().address == address_key("personal@example.com")
    assert totals_of(send([given(2, email="personal@example.com")])) == {"skipped": 1}


def test_erasing_again_changes_nothing(send: Send) -> None:
    send([given(1, **PERSONAL)])
    contact = Contact.objects.get()
    now = database_now()
    assert erase_contact(contact.pk, now)
    assert not erase_contact(contact.pk, now + LATER)
    contact.refresh_from_db()
    assert contact.erased_at == now


def test_who_is_erased_can_neither_be_named_nor_filled_again(send: Send, organization: Organization) -> None:
    send([given(1, **PERSONAL)])
    contact = Contact.objects.get()
    erase()
    with pytest.raises(UnknownContactsError):
        resolve_contacts(organization.pk, [{"contact_id": contact.pk, "email": "x@example.com"}], database_now())
    with pytest.raises(IntegrityError, match="an_erased_contact_holds_nothing_personal"):
        Contact.objects.filter(pk=contact.pk).update(email="x@example.com")


@pytest.mark.django_db(transaction=True)
def test_whoever_is_sent_to_and_erased_at_once_ends_erased(send: Send) -> None:
    for _ in range(5):
        send([given(1, **PERSONAL)], scheduled_at=database_now() + LATER)
        contact = Contact.objects.get(external_id="personal-id")
        named = {"contact_id": contact.pk, "embedded_data": {"personal": "again"}}

        def call(named: object = named) -> None:
            with suppress(UnknownContactsError):
                send([named], scheduled_at=database_now() + LATER)

        run_together([call, erase, call])
        assert traces("personal") == {}
        assert set(Recipient.objects.values_list("state", "reason")) == {("stopped", "erased")}


@pytest.mark.django_db(transaction=True)
def test_an_erasure_that_deadlocks_with_a_send_of_the_same_text_is_repeated(
    ask: Ask, organization: Organization
) -> None:
    """A send locks its text and then its contacts, an erasure the contact and then its texts."""
    texts = {"en": {"subject": "Your visit", "html": "", "text": "${link}"}}
    request = ask([given(1, **PERSONAL)])
    own = replace(request.steps[0], template_id=NO_TEMPLATE, texts=texts)
    accept(organization, None, replace(request, steps=[own]), database_now())

    def erase_in_its_own_connection() -> None:
        try:
            erase()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            keep_own_text(organization, own.channel, texts)
            erased = pool.submit(erase_in_its_own_connection)
            wait_until_blocked(1)
            Contact.objects.select_for_update(no_key=True).get()
        erased.result(DEADLINE_SECONDS)
    assert Contact.objects.get().erased_at is not None
