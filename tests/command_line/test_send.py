"""`distributor send`: files, lists and addresses; once; with every fault at once."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from channels.models import ProviderAccount, SandboxMessage, Template
from contacts.channel import Channel
from contacts.models import Contact, MailingList, Membership, Organization
from distributor.command_line.operator import user_name
from distributor.models import AuditEntry, Distribution, Recipient, Survey
from tests.command_line.conftest import Run, WriteFile
from tests.support.workbooks import workbook

pytestmark = pytest.mark.usefixtures("defaults")
PEOPLE = "email;first name;department\nann@example.com;Ann;Cardiology\nbob@example.com;Bob;\n"
SEND = ("--survey", "Your stay", "--channel", "email")


@pytest.mark.usefixtures("worker")
def test_a_file_is_sent_and_waited_for(run: Run, csv_file: WriteFile) -> None:
    answer = run("send", csv_file(PEOPLE), *SEND, "--wait")
    assert (answer.code, answer.faults) == (0, "")
    assert "2 of 2: Completed: 2 of 2 were reached, 0 responded." in answer.text
    assert "2\treached" in answer.text
    assert set(SandboxMessage.objects.values_list("to", flat=True)) == {"ann@example.com", "bob@example.com"}
    assert Contact.objects.get(email="ann@example.com").embedded_data == {"department": "Cardiology"}


def test_a_workbook_is_sent_to_and_the_help_says_so(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "people.xlsx"
    file.write_bytes(workbook([["email", "ward"], ["ann@example.com", "B"]]))
    assert run("send", str(file), *SEND).code == 0
    assert Contact.objects.get().embedded_data == {"ward": "B"}
    assert "CSV or XLSX" in run("send", "--help").text


def test_who_has_sent_is_in_the_audit_log(run: Run) -> None:
    run("send", "--contact", "ann@example.com", *SEND, "--name", "March")
    entry = AuditEntry.objects.get()
    assert (entry.actor_kind, entry.actor_name, entry.action) == ("cli", user_name(), "created")
    assert Distribution.objects.get(pk=entry.object_id).name == "March"


def test_the_same_command_sends_once(run: Run, csv_file: WriteFile) -> None:
    first = run("send", csv_file(PEOPLE), *SEND, "--json").document
    again = run("send", csv_file(PEOPLE), *SEND, "--json").document
    assert (first["isNew"], again["isNew"]) == (True, False)
    assert again["id"] == first["id"]
    assert "sent already" in run("send", csv_file(PEOPLE), *SEND).text
    assert Recipient.objects.count() == 2


def test_a_survey_that_is_renamed_meanwhile_is_the_same_send(run: Run, survey: Survey) -> None:
    command = ("send", "--contact", "ann@example.com", "--survey", str(survey.pk), "--channel", "email", "--json")
    assert run(*command).document["isNew"]
    Survey.objects.update(name="Your visit")
    assert not run(*command).document["isNew"]


@pytest.mark.parametrize(
    "change", [("--again",), ("--name", "April"), ("--at", "2099-01-01T09:00"), ("--channel", "sms")]
)
def test_another_command_is_another_send(run: Run, csv_file: WriteFile, change: tuple[str, ...]) -> None:
    run("send", csv_file(PEOPLE), *SEND)
    assert run("send", csv_file(PEOPLE), *SEND, *change, "--json").document["isNew"]
    assert Distribution.objects.count() == 2


def test_a_changed_file_is_another_send(run: Run, csv_file: WriteFile) -> None:
    run("send", csv_file(PEOPLE), *SEND)
    assert run("send", csv_file(PEOPLE + "cy@example.com;Cy;\n"), *SEND, "--json").document["isNew"]


@pytest.mark.usefixtures("worker")
def test_a_list_is_sent_to(run: Run, organization: Organization) -> None:
    mailing_list = MailingList.objects.create(organization=organization, name="Patients")
    ann = Contact.objects.create(organization=organization, email="ann@example.com")
    Membership.objects.create(mailing_list=mailing_list, contact=ann)
    assert run("send", "--list", "patients", *SEND, "--wait").code == 0
    assert SandboxMessage.objects.get().to == "ann@example.com"


def test_a_number_gets_an_sms_and_a_local_one_is_the_organisations_country_s(run: Run) -> None:
    run("send", "--contact", "601 100 041", "--survey", "Your stay", "--channel", "sms")
    assert Recipient.objects.get().contact.phone == "+48601100041"


def test_a_dry_run_says_who_would_get_what_and_sends_nothing(run: Run, organization: Organization) -> None:
    Contact.objects.create(organization=organization, email="bob@example.com", opted_out_at=datetime.now(UTC))
    people = ("--contact", "ann@example.com", "--contact", "bob@example.com")
    document = run("send", *people, *SEND, "--dry-run", "--json").document
    assert (document["contacts"], document["recipients"]) == (2, 1)
    assert document["messages"][0]["count"] == 1
    assert document["leftOut"][0]["examples"] == ["bob@example.com"]
    assert "opted out" in run("send", *people, *SEND, "--dry-run").text
    assert (Distribution.objects.count(), AuditEntry.objects.count()) == (0, 0)


@pytest.mark.usefixtures("worker")
def test_who_was_not_reached_is_said_in_the_provider_s_words(
    run: Run, accounts: dict[Channel, ProviderAccount]
) -> None:
    accounts[Channel.EMAIL].configuration = {"failAddresses": {"bob@example.com": "permanent"}}
    accounts[Channel.EMAIL].save()
    answer = run("send", "--contact", "ann@example.com", "--contact", "bob@example.com", *SEND, "--wait")
    assert answer.code == 1
    assert "1\temail\t" in answer.text
    assert "550 The sandbox refuses this address." in answer.text


def test_ctrl_c_stops_the_waiting_and_not_the_sending(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("distributor.command_line.waiting.sleep", interrupt)
    answer = run("send", "--contact", "ann@example.com", *SEND, "--wait")
    row = Distribution.objects.get()
    assert (answer.code, f"distributor status {row.pk}" in answer.faults) == (1, True)
    assert (row.cancelled_at, row.paused_at, row.waiting_count) == (None, None, 1)


def test_times_are_the_organisation_s(run: Run) -> None:
    run("send", "--contact", "ann@example.com", *SEND, "--at", "2099-01-01T09:00")
    assert Distribution.objects.get().scheduled_at == datetime(2099, 1, 1, 8, tzinfo=UTC)


def test_every_fault_is_named_at_once_and_nothing_is_written(run: Run, csv_file: WriteFile) -> None:
    file = csv_file("email\nann@example.com\nbob\n@\n")
    channels = ("--channel", "fax", "--channel", "sms:Nobody:Nothing")
    answer = run("send", file, "--survey", "His stay", *channels, "--at", "noon")
    assert answer.code == 2
    for part in ("Line 3", "Line 4", "“His stay”", "“Your stay”", "“fax”", "“Nobody”", "“Nothing”", "--at noon"):
        assert part in answer.faults
    assert (Distribution.objects.count(), Contact.objects.count()) == (0, 0)


def test_a_nul_character_is_a_fault_of_its_row(run: Run, csv_file: WriteFile) -> None:
    answer = run("send", csv_file("email,ward\nann@example.com,B\0\n"), *SEND)
    assert (answer.code, "Line 2, ward: NUL characters are not allowed." in answer.faults) == (2, True)


@pytest.mark.parametrize("audience", [(), ("--list", "x", "--contact", "ann@example.com"), ("no/such.csv",)])
def test_one_audience_is_needed(run: Run, audience: tuple[str, ...]) -> None:
    answer = run("send", *audience, *SEND)
    assert answer.code == 2
    assert "one audience" in answer.faults or "cannot be read" in answer.faults


def test_accounts_and_templates_are_named_and_ambiguous_names_say_which(
    run: Run, organization: Organization, templates: dict[Channel, Template]
) -> None:
    other = Template.objects.create(organization=organization, name="Invitation", channel=Channel.EMAIL)
    command = ("send", "--contact", "ann@example.com", "--survey", "Your stay", "--channel")
    answer = run(*command, "email:email sandbox:Invitation")
    assert answer.code == 2
    assert str(other.pk) in answer.faults
    assert str(templates[Channel.EMAIL].pk) in answer.faults
    assert run(*command, f"email:E-mail sandbox:{templates[Channel.EMAIL].pk}").code == 0


def test_a_channel_without_defaults_says_what_to_name(run: Run) -> None:
    ProviderAccount.objects.update(is_default=False)
    Template.objects.update(is_default=False)
    answer = run("send", "--contact", "ann@example.com", *SEND)
    assert "email has no default provider account" in answer.faults
    assert "email has no default template" in answer.faults


def test_of_several_organisations_one_is_named(run: Run, survey: Survey) -> None:
    Organization.objects.create(name="Globex", slug="globex")
    answer = run("send", "--contact", "ann@example.com", *SEND)
    assert (answer.code, "acme, globex" in answer.faults) == (2, True)
    assert run("send", "--contact", "ann@example.com", *SEND, "--organization", "acme").code == 0
    assert run("status", "--organization", "umbrella").code == 2
    assert Distribution.objects.get().survey == survey
