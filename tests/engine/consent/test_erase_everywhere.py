"""Erasing one person out of a database whose every table has heard of them."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Final

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client

from channels.events import Event, EventKind
from channels.models import Pace, ProviderAccount, RefusedSender, SandboxMessage, Template
from channels.providers.base import Message, Outcome, Result, Scope
from channels.providers.sandbox import Sandbox
from contacts.address_key import address_key
from contacts.channel import Channel
from contacts.models import Contact, Membership, Organization, Suppression
from distributor.engine.acceptance.accept import accept
from distributor.engine.consent.erase import erase_address, erase_contact
from distributor.engine.events.endpoints import create_endpoint, send_ping
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.journey.attempts import attempt_id
from distributor.engine.responses.record import record_response
from distributor.models import (
    Attempt,
    Batch,
    Decision,
    Distribution,
    EventDelivery,
    Expansion,
    IdempotencyKey,
    ProviderEvent,
    Recipient,
    Step,
    Survey,
)
from distributor.models.decision import DecisionKind
from distributor.rules.requests import AudienceRules, DistributionRequest, StepRequest
from tests.support.admin_pages import act, address
from tests.support.engine.columns_of_people import FILLED, FREE
from tests.support.engine.people import dispatch
from tests.support.engine.provider_events import report_events
from tests.support.engine.traces import text_columns, traces

pytestmark = pytest.mark.django_db
WORDS: Final = ("quixote", "dulcinea", "611222333", "secret of hers")
EMAIL, PHONE = "quixote@example.com", "+48611222333"
PERSON: Final = {
    "externalId": "PAT-QUIXOTE",
    "email": EMAIL,
    "phone": PHONE,
    "firstName": "Dulcinea",
    "lastName": "Quixote",
    "title": "Quixote",
    "embeddedData": {"note": "secret of hers"},
}


@pytest.fixture
def post(client: Client) -> Callable[..., Any]:
    def post(path: str, body: Any, **headers: str) -> Any:
        answer = client.post(path, json.dumps(body), "application/json", headers=headers)
        assert answer.status_code in (200, 201, 202), answer.content
        return answer.json()

    return post


@pytest.fixture
def her(
    post: Callable[..., Any],
    organization: Organization,
    survey: Survey,
    accounts: dict[Channel, ProviderAccount],
    templates: dict[Channel, Template],
) -> Contact:
    """A person of whom every table has heard, through the real roads where there is one."""
    email, sms = accounts[Channel.EMAIL], accounts[Channel.SMS]
    quick = f"/api/surveys/{survey.pk}/distributions/quick"
    post(quick, _quick_body(survey.pk), **{"idempotency-key": f"visit-of-{EMAIL}"})
    dispatch()
    contact = Contact.objects.get()
    recipient = Recipient.objects.get()
    name = attempt_id(recipient.pk, 1)
    _report(email, "opened", EventKind.OPENED, EMAIL, name)
    _report(email, "bounce of nobody", EventKind.SOFT_BOUNCED, EMAIL)
    _report(sms, "reply", EventKind.REPLIED, PHONE)
    _report(sms, "stop", EventKind.STOPPED, PHONE)
    record_response(recipient.code, {"comment": "Dulcinea is well, write to quixote@example.com"}, database_now())
    post("/api/v1/suppressions", {"channel": "email", "address": EMAIL, "source": f"A letter of {EMAIL}"})
    post(f"/api/v1/contacts/{contact.pk}/opt-in", {"source": "Dulcinea Quixote called", "requestedByPerson": True})
    listed = post("/api/v1/lists", {"name": "Family of Dulcinea Quixote"})
    Membership.objects.create(mailing_list_id=listed["id"], contact=contact)
    _in_the_admin(contact)
    _without_a_road(recipient, email)
    Contact.objects.filter(pk=contact.pk).update(email="new.quixote@example.com")
    return contact


def _quick_body(survey_id: Any) -> dict[str, Any]:
    account, template = ProviderAccount.objects.get(channel="email"), Template.objects.get(channel="email")
    step = {"channel": "email", "providerId": str(account.pk), "templateId": str(template.pk)}
    return {"surveyId": str(survey_id), "name": "Visit of Dulcinea Quixote", "contacts": [PERSON], "channels": [step]}


def _report(account: ProviderAccount, event_id: str, kind: EventKind, address: str, attempt: str = "") -> None:
    said = f"<{address}> said so"
    report_events(account, Event(event_id, kind, database_now(), attempt, address, detail=said, raw={"to": address}))


def _in_the_admin(contact: Contact) -> None:
    operator, user = Client(), User.objects.create_superuser("olga")
    operator.force_login(user)
    act(operator, "opt_out", contact)
    operator.post(address(Suppression.objects.first() or contact, "delete"), {"post": "yes"})
    LogEntry.objects.create(user=user, action_flag=2, object_repr="x", change_message=f"Wrote to {EMAIL}.")


def _without_a_road(recipient: Recipient, account: ProviderAccount) -> None:
    """Texts of providers and errors, which quote whatever they like."""
    Attempt.objects.update(detail=f"550 <{EMAIL}>: unknown user")
    Batch.objects.filter(pk=recipient.batch_id).update(last_error=f"DataError('{EMAIL}')")
    Pace.objects.update_or_create(account=account, defaults={"broken_because": f"550 <{EMAIL}> relaying denied"})
    now = database_now()
    RefusedSender.objects.create(
        account=account, email="a@acme.example", because=f"not to {EMAIL}", since=now, probe_at=now
    )
    endpoint = create_endpoint(account.organization, {"name": "CRM", "url": "https://example.com"}, now)
    send_ping(endpoint, now)
    EventDelivery.objects.update(answer=f"There is no patient {EMAIL}.", contact_ids=[recipient.contact_id])
    Contact.objects.update(title="Quixote")
    Recipient.objects.update(wording={"subject": "For Dulcinea"})
    Step.objects.update(subject="For Dulcinea")
    Expansion.objects.create(
        distribution_id=recipient.distribution_id, embedded_data={"patient": "PAT-QUIXOTE"}, is_sent=True, due_at=now
    )
    Decision.objects.create(
        distribution_id=recipient.distribution_id,
        contact_id=recipient.contact_id,
        recipient_id=recipient.pk,
        kind=DecisionKind.REROUTED,
        reason="failed",
        detail={"code": "550", "detail": f"<{EMAIL}>: unknown user"},
        decided_at=now,
    )


def test_every_table_with_texts_is_filled_or_known_to_be_about_nobody() -> None:
    tables = {table for table, _, _ in text_columns()}
    assert tables == FILLED.keys() | FREE
    assert not FILLED.keys() & FREE


def test_nothing_of_an_erased_person_is_left_in_any_column_of_any_table(her: Contact) -> None:
    before = traces(*WORDS)
    missing = {f"{table}.{column}" for table, columns in FILLED.items() for column in columns} - before.keys()
    assert missing == set()
    erase_contact(her.pk, database_now())
    assert traces(*WORDS) == {}


def test_an_erasure_by_address_leaves_nothing_either(her: Contact) -> None:
    """The address that she has now, and the one that the messages went to."""
    organization_id, now = her.organization_id, database_now()
    assert erase_address(organization_id, "new.quixote@example.com", now) == [her.pk]
    assert erase_address(organization_id, EMAIL, now) == []
    assert traces(*WORDS) == {}


def test_an_address_of_nobody_is_erased(accounts: dict[Channel, ProviderAccount], organization: Organization) -> None:
    _report(accounts[Channel.SMS], "reply", EventKind.REPLIED, PHONE)
    _report(accounts[Channel.EMAIL], "bounce", EventKind.HARD_BOUNCED, EMAIL)
    assert erase_address(organization.pk, PHONE, database_now()) == []
    assert erase_address(organization.pk, EMAIL, database_now()) == []
    assert traces(*WORDS) == {}
    assert Suppression.objects.get().address == address_key(EMAIL)


def test_what_is_told_later_leaves_no_trace(her: Contact, accounts: dict[Channel, ProviderAccount]) -> None:
    """Every kind of event, of a message of hers and of one of her addresses."""
    recipient = Recipient.objects.get()
    erase_contact(her.pk, database_now())
    for kind in EventKind:
        by_text = kind in (EventKind.STOPPED, EventKind.STARTED, EventKind.REPLIED, EventKind.ASKED_HELP)
        account, told_of = (accounts[Channel.SMS], PHONE) if by_text else (accounts[Channel.EMAIL], EMAIL)
        for attempt in (attempt_id(recipient.pk, 1), ""):
            _report(account, f"late {kind} {attempt}", kind, told_of, attempt)
            assert traces(*WORDS) == {}, (kind, attempt)


def test_a_late_no_holds_by_its_key_and_a_late_yes_lifts_it(
    her: Contact, accounts: dict[Channel, ProviderAccount]
) -> None:
    Suppression.objects.all().delete()
    erase_contact(her.pk, database_now())
    _report(accounts[Channel.SMS], "late stop", EventKind.STOPPED, PHONE)
    assert {(each.channel, each.address) for each in Suppression.objects.filter(reason="stop")} == {
        ("sms", address_key(PHONE)),
        ("whatsapp", address_key(PHONE)),
    }
    _report(accounts[Channel.SMS], "late start", EventKind.STARTED, PHONE)
    assert not Suppression.objects.filter(reason="stop").exists()
    assert traces(*WORDS) == {}


def test_what_is_told_of_an_address_that_was_given_again_is_kept(
    her: Contact, organization: Organization, accounts: dict[Channel, ProviderAccount]
) -> None:
    erase_contact(her.pk, database_now())
    Contact.objects.create(organization=organization, external_id="new", phone=PHONE)
    _report(accounts[Channel.SMS], "reply of a new contact", EventKind.REPLIED, PHONE)
    assert ProviderEvent.objects.get(event_id="reply of a new contact").address == PHONE


def test_a_stored_answer_is_still_repeated_and_names_nobody(her: Contact, client: Client) -> None:
    """A repeated call must not send again, also if its key named the person."""
    [stored] = IdempotencyKey.objects.all()
    sent = Distribution.objects.count()
    erase_contact(her.pk, database_now())
    survey_id = Survey.objects.get().pk
    again = client.post(
        f"/api/surveys/{survey_id}/distributions/quick",
        json.dumps(_quick_body(survey_id)),
        "application/json",
        headers={"idempotency-key": stored.key},
    )
    assert (again.status_code, again["Idempotent-Replayed"]) == (stored.status, "true")
    assert Distribution.objects.count() == sent
    assert b"[erased]" in again.content


def test_what_comes_of_a_message_in_flight_is_forgotten_when_it_is_settled(
    her: Contact, kinds: dict[str, str], organization: Organization
) -> None:
    """The message is with the provider while the person is erased."""
    Contact.objects.filter(pk=her.pk).update(email=EMAIL, opted_out_at=None)
    Suppression.objects.all().delete()
    kinds["erasing"] = f"{ErasingSandbox.__module__}.{ErasingSandbox.__name__}"
    ProviderAccount.objects.filter(channel="email").update(kind="erasing")
    Pace.objects.all().delete()
    RefusedSender.objects.all().delete()
    template, account = Template.objects.get(channel="email"), ProviderAccount.objects.get(channel="email")
    request = DistributionRequest(
        source="test",
        survey_id=Survey.objects.get().pk,
        contacts=[{"contact_id": her.pk}],
        steps=[StepRequest("email", account.pk, template.pk)],
        audience=AudienceRules(),
    )
    accept(organization, None, request, database_now())
    dispatch()
    assert ErasingSandbox.erased == [her.pk]
    assert traces(*WORDS) == {}
    assert Attempt.objects.count() == 2


class ErasingSandbox(Sandbox):
    """A sandbox in which the person is erased after the message was stored, and before the answer comes."""

    erased: ClassVar[list[Any]] = []

    def send_checked(self, messages: Sequence[Message]) -> list[Result]:
        super().send_checked(messages)
        contact = Contact.objects.get(email=EMAIL)
        erase_contact(contact.pk, database_now())
        self.erased[:] = [contact.pk]
        SandboxMessage.objects.filter(to=EMAIL).delete()
        self._store(messages)
        bad = Result(Outcome.PERMANENT, code="550", detail=f"<{EMAIL}>: unknown", scope=Scope.RECIPIENT)
        return [replace(bad, is_bad_address=True) for _ in messages]
