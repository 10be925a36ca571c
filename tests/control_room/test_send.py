"""Make a send: page by page without script, all faults at once, the dry run, and sent once."""

import re
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from channels.models import ProviderAccount, SandboxMessage, Template
from contacts.channel import Channel
from contacts.models import Contact, MailingList, Organization
from distributor.models import AuditEntry, Distribution, Recipient, Survey
from tests.support.send_wizard import RULES, SEND, Wizard, to_check
from tests.support.strict_pages import strictness_faults


def test_a_send_to_a_list_is_checked_and_sent_once(
    operator: Client, survey: Survey, steps: dict[str, Any], audience: MailingList
) -> None:
    wizard = to_check(operator, survey, steps, {"audience": "list", "mailing_list": audience.pk})
    assert wizard.name == "check", wizard.page
    assert "2 people in the audience." in wizard.page
    assert "2 would be sent to," in wizard.page
    assert "2 SMS segments" in wizard.page
    assert "are sandbox accounts" in wizard.page
    assert '<svg class="columns"' in wizard.page
    assert not strictness_faults(wizard.answer, SEND)
    assert Distribution.objects.count() == 0
    form = {**wizard.hidden, "go": "send"}
    first, second = operator.post(SEND, form), operator.post(SEND, form)
    row = Distribution.objects.get()
    assert first["Location"] == second["Location"] == f"/admin/distributor/distribution/{row.pk}/change/"
    assert (row.name, row.source, row.mode, row.accepted_count) == ("March", "control room", "multi", 2)
    assert row.mailing_list == audience
    assert [(step.channel, step.fallback_delay_minutes) for step in row.steps.all()] == [("email", 1440), ("sms", None)]
    entry = AuditEntry.objects.get(object_id=str(row.pk))
    assert (entry.action, entry.actor_name, entry.organization_id) == ("created", "ada", row.organization_id)


def test_the_last_page_says_what_it_costs(
    operator: Client, survey: Survey, steps: dict[str, Any], audience: MailingList
) -> None:
    chosen = {"audience": "list", "mailing_list": audience.pk}
    assert "At the prices" not in to_check(operator, survey, steps, chosen).page
    ProviderAccount.objects.filter(channel="sms").update(unit_price="0.0345", price_currency="EUR")
    assert "it costs 0.069 EUR" in to_check(operator, survey, steps, chosen).page
    ProviderAccount.objects.filter(channel="email").update(unit_price="1", price_currency="PLN")
    assert "it costs 2.00 PLN + 0.069 EUR" in to_check(operator, survey, steps, chosen).page


def test_people_as_text_become_recipients_with_their_data(
    operator: Client, survey: Survey, steps: dict[str, Any], organization: Organization
) -> None:
    text = "E-mail;Phone;Name;ID;ward\nann@example.com;600 000 009;Ann Ono;PAT-1;B\nbob@example.com;;;;C\n"
    wizard = to_check(operator, survey, steps, {"audience": "people", "people": text})
    assert "2 people in the audience." in wizard.page, wizard.page
    assert Contact.objects.count() == 0
    wizard.go("send")
    ann = Contact.objects.get(external_id="PAT-1")
    assert (ann.email, ann.phone, ann.full_name) == ("ann@example.com", "+48600000009", "Ann Ono")
    assert ann.embedded_data == {"ward": "B"}
    assert Recipient.objects.count() == 2
    assert MailingList.objects.get().is_automatic


def test_people_may_be_a_file(operator: Client, survey: Survey, steps: dict[str, Any]) -> None:
    file = SimpleUploadedFile("people.csv", "E-mail,imię\nann@example.com,Żaneta\n".encode("cp1250"), "text/csv")
    wizard = to_check(operator, survey, steps, {"audience": "people", "file": file})
    assert "1 person in the audience." in wizard.page, wizard.page
    wizard.go("send")
    assert Contact.objects.get().first_name == "Żaneta"


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"x" * 2_000_001, "The file is too long: at most 2 MB."),
        (b"a\x00b@example.com", "Null characters are not allowed."),
    ],
)
def test_a_file_that_is_no_list_of_people_is_refused(
    operator: Client, survey: Survey, content: bytes, fault: str
) -> None:
    wizard = Wizard(operator).go(survey=survey.pk)
    wizard.go(audience="people", file=SimpleUploadedFile("people.csv", content))
    assert wizard.name == "audience"
    assert fault in wizard.page


def test_every_fault_of_the_people_is_named_with_its_line(operator: Client, survey: Survey) -> None:
    text = "email,phone,first name\nann@,600000001,Ann\nbob@example.com,12,Bob\n,,Eve\nx@example.com,,A,B\n"
    wizard = Wizard(operator).go(survey=survey.pk).go(audience="people", people=text)
    assert wizard.name == "audience"
    for told in (
        "Line 2, e-mail: “ann@” is not an e-mail address.",
        "Line 3, phone: There is no such phone number in PL.",
        "Line 4: Needs an e-mail address, a phone number or an external id.",
        "Line 5: Has more values than the 3 columns.",
    ):
        assert told in wizard.page
    assert "ann@,600000001,Ann" in wizard.page  # what was typed is still there
    assert Contact.objects.count() == 0


def test_a_filter_finds_people_by_what_is_known(
    operator: Client, survey: Survey, steps: dict[str, Any], organization: Organization
) -> None:
    for number, data in enumerate(({"ward": "B", "age": 5}, {"ward": "B", "age": "5"}, {"ward": "C", "age": 5})):
        Contact.objects.create(organization=organization, email=f"p{number}@example.com", embedded_data=data)
    condition = {"audience": "filter", "key_1": "ward", "value_1": "B", "key_2": "age", "value_2": "5"}
    assert "1 person in the audience." in to_check(operator, survey, steps, {**condition, "kind_2": "number"}).page
    assert "1 person in the audience." in to_check(operator, survey, steps, {**condition, "kind_2": "text"}).page
    wizard = Wizard(operator).go(survey=survey.pk)
    wizard.go(audience="filter", value_1="B", key_2="age", kind_2="number", value_2="old")
    assert "Name what is known." in wizard.page
    assert "Enter a number." in wizard.page


def test_the_faults_of_the_messages_are_told_all_at_once(
    operator: Client,
    survey: Survey,
    accounts: dict[Channel, ProviderAccount],
    templates: dict[Channel, Template],
    audience: MailingList,
) -> None:
    wizard = Wizard(operator).go(survey=survey.pk).go(audience="list", mailing_list=audience.pk)
    wizard.go(
        mode="single", stops_on="response", kind_1="invitation", account_1=accounts[Channel.SMS].pk,
        template_1=templates[Channel.EMAIL].pk, subject_1="Hello ${contact}", kind_2="reminder",
        account_2=accounts[Channel.EMAIL].pk, kind_3="reminder", account_3=accounts[Channel.EMAIL].pk,
        template_3=templates[Channel.EMAIL].pk, delay_3="0",
    )  # fmt: skip
    assert wizard.name == "messages"
    for told in (
        "This template is for e-mail, and the account for SMS.",
        "Only e-mail has a subject.",
        "Unknown placeholder: ${contact}.",
        "Choose a template.",
        "Say how long after",
        "A reminder is sent at least a minute after",
    ):
        assert told in wizard.page, told


def test_an_invitation_is_needed_and_rows_can_be_added(
    operator: Client, survey: Survey, audience: MailingList, steps: dict[str, Any]
) -> None:
    wizard = Wizard(operator).go(survey=survey.pk).go(audience="list", mailing_list=audience.pk)
    wizard.go("add", **steps)
    assert 'name="account_3"' in wizard.page
    assert f'value="{steps["account_2"]}" selected' in wizard.page
    wizard.go(mode="single", stops_on="response")
    assert "At least one step must be an invitation" in wizard.page


def test_times_are_checked_in_the_organisations_time_zone(
    operator: Client, survey: Survey, steps: dict[str, Any], audience: MailingList
) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    when = {"when": "at", "at": f"{tomorrow:%Y-%m-%d}T09:00", "not_after": f"{tomorrow:%Y-%m-%d}T08:00"}
    wizard = Wizard(operator).go(survey=survey.pk).go(audience="list", mailing_list=audience.pk).go(**steps)
    wizard.go(**when, expires_at="2020-01-01T00:00")
    assert wizard.page.count("This is before the send begins: nothing would be sent.") == 2
    wizard.go(when="at", at=when["at"]).go(**RULES).go("send")
    row = Distribution.objects.get()
    assert row.scheduled_at is not None
    local = timezone.localtime(row.scheduled_at, ZoneInfo("Europe/Warsaw"))
    assert f"{local:%Y-%m-%dT%H:%M}" == when["at"]


def test_going_back_keeps_the_answers(operator: Client, survey: Survey, audience: MailingList) -> None:
    wizard = Wizard(operator).go(survey=survey.pk, name="March").go(audience="list", mailing_list=audience.pk)
    wizard.go("audience", mode="multi", stops_on="opened")
    assert wizard.name == "audience"
    assert f'value="{audience.pk}" selected' in wizard.page
    wizard.go("survey", audience="list", mailing_list=audience.pk)
    assert 'value="March"' in wizard.page
    wizard.go(survey=survey.pk).go(audience="list", mailing_list=audience.pk)
    assert wizard.name == "messages"
    assert re.search(r'value="opened" selected', wizard.page)


def test_who_is_left_out_is_counted_with_why(
    operator: Client, survey: Survey, steps: dict[str, Any], audience: MailingList
) -> None:
    Contact.objects.filter(email="p1@example.com").update(opted_out_at=timezone.now())
    wizard = to_check(operator, survey, steps, {"audience": "list", "mailing_list": audience.pk})
    assert "1 would be left out." in wizard.page
    assert "skipped: the contact opted out" in wizard.page
    assert "p1@example.com" in wizard.page


def test_what_was_switched_off_meanwhile_is_told_on_its_page(
    operator: Client, survey: Survey, steps: dict[str, Any], audience: MailingList
) -> None:
    wizard = to_check(operator, survey, steps, {"audience": "list", "mailing_list": audience.pk})
    ProviderAccount.objects.filter(pk=steps["account_1"]).update(is_active=False)
    audience.delete()
    wizard.go("send")
    assert wizard.name == "audience"
    assert "Select a valid choice" in wizard.page
    assert Distribution.objects.count() == 0


def test_send_me_this_goes_to_the_operator_only(operator: Client, survey: Survey, steps: dict[str, Any]) -> None:
    wizard = Wizard(operator).go(survey=survey.pk).go(audience="people", people="ann@example.com")
    wizard.go("test-1", **steps, subject_1="For ${contact:firstName|you}")
    assert "ada@acme.example: Sent." in wizard.page
    message = SandboxMessage.objects.get()
    assert (message.to, message.subject) == ("ada@acme.example", "For Ada")
    wizard.go("test-2", **steps, test_number="+48600000001")
    assert "Choose a number of the team." in wizard.page
    Organization.objects.update(team_addresses=["+48600000001"])
    wizard.go("test-2", **steps, test_number="+48600000001")
    assert "+48600000001: Sent." in wizard.page
    wizard.go("test-3", **steps)
    assert "Choose an account and a template first." in wizard.page
    assert SandboxMessage.objects.count() == 2
