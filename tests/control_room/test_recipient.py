"""The page of a recipient: the story in the provider's words, the message as it was sent, what follows, buttons."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from channels.events import Event, EventKind
from channels.models import ProviderAccount, SandboxMessage, Template, TemplateVariant
from channels.templates import change_template
from contacts.channel import Channel
from contacts.models import Contact, Organization, OrganizationMember, Suppression
from distributor.engine.acceptance.accept import accept
from distributor.engine.consent.erase import erase_contact
from distributor.engine.control import pause
from distributor.engine.feedback.ingest import ingest_events
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.journey.attempts import attempt_id
from distributor.engine.route.step_context import as_account
from distributor.models import Attempt, AuditEntry, Distribution, ManualRetry, Recipient, Response, Survey
from distributor.rules.journey.chain import StepKind
from distributor.rules.requests import DistributionRequest, StepRequest
from tests.admin.conftest import anna, carla, distribution, operator, person, response, send, user
from tests.support.admin_pages import address
from tests.support.engine.people import dispatch, run_retries

__all__ = ["anna", "carla", "distribution", "operator", "response", "user"]


def page_of(client: Client, row: Recipient | Contact, **headers: str) -> str:
    answer = client.get(address(row, "change"), headers=headers)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def deed(row: Recipient, name: str) -> str:
    return f"/admin/distributor/recipient/{row.pk}/{name}"


def member(organization: Organization, role: str) -> Client:
    one = User.objects.create_user(f"member-{role}-{organization.slug}", is_staff=True)
    OrganizationMember.objects.create(organization=organization, user=one, role=role)
    client = Client()
    client.force_login(one)
    return client


@pytest.fixture
def bob(distribution: Distribution) -> Recipient:
    """The recipient whom the provider refused."""
    return Recipient.objects.select_related("contact").get(contact__external_id="bob")


def test_the_story_is_one_timeline_with_the_providers_words(operator: Client, bob: Recipient) -> None:
    answer = operator.get(address(bob, "change"))
    assert [moment.kind for moment in answer.context["moments"]] == ["accepted", "failed"]
    page = answer.content.decode()
    assert "<q>The sandbox refuses this address.</q>" in page
    assert "550" in page
    assert "bob@example.com" in page


def test_decisions_are_told_in_sentences(operator: Client, carla: Recipient) -> None:
    page = page_of(operator, carla)
    assert "deferred until" in page
    assert "The sandbox has a temporary fault." in page
    assert "Waits for: email, due " in page
    outlook = operator.get(address(carla, "change")).context["outlook"]
    assert [each.text.partition(" at ")[0] for each in outlook] == ["by e-mail"]


def test_what_a_provider_reports_later_is_part_of_it(operator: Client, anna: Recipient, response: Response) -> None:
    attempt = Attempt.objects.get(recipient_id=anna.pk)
    account = ProviderAccount.objects.get(pk=attempt.provider_account_id)
    at = attempt.begun_at + timedelta(minutes=3)
    kinds = (EventKind.DELIVERED, EventKind.COMPLAINED)
    ingest_events(as_account(account), [Event(f"e-{kind}", kind, at, attempt_id(anna.pk, 1)) for kind in kinds], at)
    answer = operator.get(address(anna, "change"))
    told = [moment.kind for moment in answer.context["moments"]]
    assert (told[:4], set(told[4:])) == (["accepted", "sent", "opened", "responded"], {"delivered", "complained"})
    assert "delivered · reported as spam" in " ".join(answer.content.decode().split())
    assert "Nothing: this journey is over." in answer.content.decode()


def test_the_message_is_shown_as_it_was_sent(
    operator: Client, anna: Recipient, templates: dict[Channel, Template]
) -> None:
    received = SandboxMessage.objects.get(to="anna@example.com")
    TemplateVariant.objects.update(subject="New", html="New", text="New")
    Contact.objects.update(first_name="Other")
    answer = operator.get(address(anna, "change"))
    [shown] = answer.context["attempts"]
    assert (shown.message.subject, shown.message.text) == (received.subject, received.text)
    assert "Anna" in shown.message.subject + shown.message.html + shown.message.text
    page = answer.content.decode()
    assert f'sandbox="" loading="lazy" src="{deed(anna, "message/1/")}"' in page
    assert f'href="/sandbox/messages/{received.pk}/"' in page
    part = operator.get(deed(anna, "message/1/"))
    assert part.content.decode() == received.html
    assert part["Content-Security-Policy"].endswith("sandbox")
    assert "script-src" not in part["Content-Security-Policy"]
    assert operator.get(deed(anna, "message/2/")).status_code == 404


def test_what_a_person_is_called_is_escaped(
    operator: Client,
    survey: Survey,
    accounts: dict[Channel, ProviderAccount],
    templates: dict[Channel, Template],
) -> None:
    texts = {"subject": "${contact:firstName}", "text": "${contact:firstName}", "html": "<p>${contact:firstName}</p>"}
    change_template(templates[Channel.EMAIL].pk, {}, {"en": texts}, saved_by="olga")
    send(survey, accounts[Channel.EMAIL], templates[Channel.EMAIL], [person("eva", "<script>alert(1)</script>")])
    recipient = Recipient.objects.get()
    assert "<script>alert" not in page_of(operator, recipient)
    assert "<script>alert" not in operator.get(deed(recipient, "message/1/")).content.decode()


def test_looking_opens_nothing_and_the_link_can_be_copied(operator: Client, anna: Recipient) -> None:
    page = page_of(operator, anna)
    assert f'/p/{anna.code}"> <button' in page.replace('"><button', '"> <button')
    assert f'href="/p/{anna.code}' not in page
    anna.refresh_from_db()
    assert anna.first_opened_at is None


def test_what_follows_is_forecast_with_the_reason(
    operator: Client,
    organization: Organization,
    survey: Survey,
    accounts: dict[Channel, ProviderAccount],
    templates: dict[Channel, Template],
) -> None:
    steps = [
        StepRequest(Channel.EMAIL, accounts[Channel.EMAIL].pk, templates[Channel.EMAIL].pk),
        StepRequest(
            Channel.SMS, accounts[Channel.SMS].pk, templates[Channel.SMS].pk, kind=StepKind.REMINDER, delay_minutes=1440
        ),
    ]
    eva = person("eva") | {"phone": "+48601100041"}
    request = DistributionRequest("test", survey.pk, [eva], steps)
    accept(organization, None, request, database_now())
    dispatch()
    recipient = Recipient.objects.get()
    [reminder] = operator.get(address(recipient, "change")).context["outlook"]
    assert reminder.text.startswith("reminder by SMS at ")
    assert "unless the contact responds first" in reminder.text
    assert "Waits for: sms reminder, due " in page_of(operator, recipient)
    pause(recipient.distribution_id, database_now())
    assert "The distribution is paused" in page_of(operator, recipient)
    Contact.objects.update(opted_out_at=database_now())
    assert "skipped: the contact opted out" in page_of(operator, recipient)


def test_the_persons_other_journeys(
    operator: Client, anna: Recipient, survey: Survey, accounts: dict[Channel, ProviderAccount],
    templates: dict[Channel, Template],
) -> None:  # fmt: skip
    autumn = send(survey, accounts[Channel.EMAIL], templates[Channel.EMAIL], [person("anna")], name="Autumn visits")
    other = Recipient.objects.get(distribution=autumn)
    page = page_of(operator, anna)
    assert f'href="{address(other, "change")}">Autumn visits' in page
    of_contact = page_of(operator, anna.contact)
    for row in (anna, other):
        assert f'href="{address(row, "change")}"' in of_contact
    dora = Contact.objects.get(external_id="dora")
    assert "skipped: the contact opted out" in page_of(operator, dora)
    assert "opted out at" in page_of(operator, dora)


class TestButtons:
    def test_one_person_is_sent_to_again(self, operator: Client, bob: Recipient, anna: Recipient) -> None:
        assert deed(bob, "retry/") in page_of(operator, bob)
        assert deed(anna, "retry/") not in page_of(operator, anna)
        operator.post(deed(bob, "retry/"))
        run_retries()
        bob.refresh_from_db()
        assert (bob.state, ManualRetry.objects.get().source) == ("waiting", "operator olga")
        page = operator.post(deed(anna, "retry/"), follow=True).content.decode()
        assert "There is nobody to send to again." in page

    def test_an_address_is_suppressed(self, operator: Client, anna: Recipient) -> None:
        for word in ("Nothing is sent to", "was suppressed before"):
            answer = operator.post(deed(anna, "suppress/"), {"address": "email:anna@example.com"}, follow=True)
            assert word in answer.content.decode()
        made = Suppression.objects.get()
        assert (made.address, made.channel, made.reason, made.source) == (
            "anna@example.com", "email", "manual", "operator olga",
        )  # fmt: skip
        assert AuditEntry.objects.latest("pk").action == "suppressed"
        assert "anna@example.com (e-mail):" in page_of(operator, anna)
        assert operator.post(deed(anna, "suppress/"), {"address": "email:x@example.com"}).status_code == 404

    def test_erasing_asks_and_leaves_no_text(self, operator: Client, anna: Recipient) -> None:
        form = {"action": "erase", "_selected_action": anna.contact_id}
        assert "cannot be undone" in operator.post(address(Contact, "changelist"), form).content.decode()
        erase_contact(anna.contact_id, database_now())
        page = page_of(operator, anna)
        assert "Erased at" in page
        assert "Its text was deleted" in page
        assert "anna@example.com" not in page
        assert operator.get(deed(anna, "message/1/")).status_code == 404


def test_a_viewer_looks_and_changes_nothing(bob: Recipient) -> None:
    viewer = member(bob.distribution.organization, "viewer")
    page = page_of(viewer, bob)
    assert "The sandbox refuses this address." in page
    for name in ("retry/", "suppress/"):
        assert deed(bob, name) not in page
        assert viewer.post(deed(bob, name)).status_code == 403
    assert "Erase" not in page


def test_for_others_it_does_not_exist(anna: Recipient) -> None:
    stranger = member(Organization.objects.create(name="Birch", slug="birch"), "manager")
    assert stranger.get(address(anna, "change")).status_code == 404
    assert stranger.get(deed(anna, "message/1/")).status_code == 404
    for name in ("retry/", "suppress/"):
        assert stranger.post(deed(anna, name), {"address": "email:anna@example.com"}).status_code == 404


def test_the_page_takes_few_queries(operator: Client, anna: Recipient, carla: Recipient, response: Response) -> None:
    page_of(operator, anna)
    for row in (anna, carla):
        with CaptureQueriesContext(connection) as queries:
            page_of(operator, row)
        assert len(queries) <= 26, "\n".join(query["sql"][:150] for query in queries)


def test_in_polish(operator: Client, carla: Recipient) -> None:
    page = page_of(operator, carla, **{"accept-language": "pl"})
    assert "Co się stało" in page
    assert "What happened" not in page
