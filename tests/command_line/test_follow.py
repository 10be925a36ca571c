"""`status`, `retry`, `pause`, `resume`, `cancel`, `find` and `contacts show`."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from channels.models import ProviderAccount, SandboxMessage
from contacts.channel import Channel
from contacts.models import Contact, Organization, Suppression
from distributor.models import AuditEntry, Distribution, Recipient
from tests.command_line.conftest import Run

Worker = Callable[[float], None]
SEND = ("send", "--survey", "Your stay", "--channel", "email", "--json", "--contact")


@pytest.fixture
def sent(run: Run, defaults: None) -> Distribution:
    """A distribution to Ann that no worker has looked at."""
    return Distribution.objects.get(pk=run(*SEND, "ann@example.com", "--name", "March").document["id"])


@pytest.fixture
def failed(run: Run, defaults: None, worker: Worker, accounts: dict[Channel, ProviderAccount]) -> Distribution:
    """A distribution to Bob, whose address the provider refused once."""
    accounts[Channel.EMAIL].configuration = {"failAddresses": {"bob@example.com": "permanent"}}
    accounts[Channel.EMAIL].save()
    made = Distribution.objects.get(pk=run(*SEND, "bob@example.com", "--wait").document["id"])
    accounts[Channel.EMAIL].configuration = {}
    accounts[Channel.EMAIL].save()
    return made


def test_what_runs_is_shown_and_then_the_latest(run: Run, sent: Distribution, worker: Worker) -> None:
    assert f"{sent.pk}\tMarch\t0\t0\t1\tSending. 1 person waits." in run("status").text
    worker(0)
    document = run("status", "--json").document
    assert document["isRunning"] is False
    assert [each["standing"] for each in document["distributions"]] == ["completed"]


def test_many_that_run_are_read_at_once(
    run: Run, sent: Distribution, django_assert_num_queries: Callable[..., Any]
) -> None:
    with CaptureQueriesContext(connection) as alone:
        run("status", "--json")
    other = run(*SEND, "bob@example.com", "--name", "April").document
    with django_assert_num_queries(len(alone)):
        documents = run("status", "--json").document["distributions"]
    assert [each["id"] for each in documents] == [other["id"], str(sent.pk)]


@pytest.mark.parametrize("name", ["March", "march"])
def test_one_is_shown_with_its_funnel(run: Run, sent: Distribution, name: str) -> None:
    document = run("status", name, "--json").document
    assert (document["id"], document["counts"]["waiting"]) == (str(sent.pk), 1)
    text = run("status", str(sent.pk)).text
    assert "1\tnot reached yet" in text
    assert f"/admin/distributor/distribution/{sent.pk}/change/" in text


def test_an_unknown_or_foreign_distribution_is_not_found(run: Run, sent: Distribution) -> None:
    other = Organization.objects.create(name="Globex", slug="globex")
    for arguments in (("status", "April"), ("status", str(sent.pk)), ("cancel", str(sent.pk), "--yes")):
        answer = run(*arguments, "--organization", other.slug)
        assert (answer.code, "There is no distribution" in answer.faults) == (2, True)


def test_a_retry_counts_first_and_then_sends_again(run: Run, failed: Distribution) -> None:
    dry = run("retry", str(failed.pk), "--dry-run", "--json").document
    assert (dry["recipients"], dry["groups"][0]["code"]) == (1, "550")
    assert run("retry", str(failed.pk), "--reason", "expired", "--json").document["recipients"] == 0
    assert run("retry", str(failed.pk), "--reason", dry["groups"][0]["reason"], "--wait").code == 0
    assert SandboxMessage.objects.get().to == "bob@example.com"
    assert AuditEntry.objects.filter(action="retried", actor_kind="cli").count() == 1
    assert "nobody to send to again" in run("retry", str(failed.pk)).text


def test_pause_resume_and_cancel_are_done_and_audited(run: Run, sent: Distribution, worker: Worker) -> None:
    assert "Paused since" in run("pause", "March").text
    worker(0)
    assert not SandboxMessage.objects.exists()
    assert run("resume", "March", "--json").document["standing"] == "sending"
    assert run("cancel", "March").code == 2
    assert Recipient.objects.get().state == "waiting"
    assert run("cancel", "March", "--yes", "--json").document["standing"] == "cancelled"
    actions = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["created", "paused", "resumed", "cancelled"]
    answer = run("pause", "March")
    assert (answer.code, answer.faults) == (1, "Nothing was changed: the distribution is cancelled.\n")
    assert run("retry", "March", "--json").faults.startswith('{"faults":["Nothing was sent')


def test_people_and_everything_else_are_found(run: Run, sent: Distribution) -> None:
    document = run("find", "ann@", "--json").document
    assert document["people"][0]["email"] == "ann@example.com"
    assert document["people"][0]["newest"]["distribution"] == "March"
    others = run("find", "arc", "--json").document["others"]
    assert ("distribution", str(sent.pk)) in [(each["kind"], each["id"]) for each in others]
    link = f"https://x.example/p/{Recipient.objects.get().code}"
    assert "recipient" in run("find", link).text
    assert run("find", "nobody at all").code == 1
    assert run("find", " ").code == 2


def test_nothing_of_another_organisation_is_found(run: Run, sent: Distribution) -> None:
    Organization.objects.create(name="Globex", slug="globex")
    for text in ("ann@example.com", "March", str(sent.pk)):
        assert run("find", text, "--organization", "globex").code == 1


def test_a_contact_is_shown_with_what_closes_its_address(run: Run, sent: Distribution) -> None:
    contact = Contact.objects.get()
    Suppression.objects.create(
        organization=sent.organization, channel=Channel.EMAIL, address="ann@example.com", reason="bounce"
    )
    document = run("contacts", "show", "ANN@example.com", "--json").document
    assert (document["id"], document["suppressions"][0]["reason"]) == (str(contact.pk), "bounce")
    assert document["journeys"][0]["distributionId"] == str(sent.pk)
    text = run("contacts", "show", str(contact.pk)).text
    assert "Closed: email ann@example.com: bounce" in text
    assert "March\twaiting" in text


def test_a_contact_that_several_match_is_asked_for_by_id(run: Run, organization: Organization) -> None:
    for number in (1, 2):
        Contact.objects.create(
            organization=organization, external_id=f"p-{number}", first_name="Jane", opted_out_at=datetime.now(UTC)
        )
    answer = run("contacts", "show", "Jane")
    assert answer.code == 2
    assert answer.faults.count("(Jane)") == 2
    assert "Opted out of all surveys" in run("contacts", "show", "p-1").text
    assert run("contacts", "show", "Jack").code == 2
