import re
from datetime import timedelta

from django.contrib.admin.models import LogEntry
from django.test import Client

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.models import MailingList
from distributor.admin.support.progress_bar import parts_of
from distributor.engine.control import cancel
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Distribution, ManualRetry, Recipient, Survey
from tests.admin.conftest import person, send
from tests.support.admin_pages import act, address, listed
from tests.support.engine.people import run_retries


def test_the_list_shows_status_and_progress(operator: Client, distribution: Distribution) -> None:
    page = operator.get(address(Distribution, "changelist")).content.decode()
    assert "Spring visits" in page
    assert '<span class="standing waiting">waiting for later</span>' in page
    bars = re.findall(r'<rect class="(\w+)" x="([\d.]+)" width="([\d.]+)"', page)
    assert bars == [
        ("reached", "0.0", "25.0"),
        ("failed", "25.0", "25.0"),
        ("waiting", "50.0", "25.0"),
        ("skipped", "75.0", "25.0"),
    ]
    assert "style=" not in page.partition('<div id="content')[2]
    assert re.findall(r'class="(?:sortable )?column-(\w+)', page)[:3] == ["__str__", "status", "progress"]


def test_a_later_distribution_is_scheduled(
    operator: Client, survey: Survey, accounts: dict[Channel, ProviderAccount], templates: dict[Channel, Template]
) -> None:
    send(survey, accounts[Channel.EMAIL], templates[Channel.EMAIL], [person("a")], delay=timedelta(days=1))
    assert "scheduled" in operator.get(address(Distribution, "changelist")).content.decode()


def test_the_parts_add_up_to_the_accepted_count(distribution: Distribution) -> None:
    parts = parts_of(distribution)
    assert sum(part.count for part in parts) == distribution.accepted_count == 4
    assert sum(part.share for part in parts) == 100
    assert parts_of(Distribution())[0].share == 0


def test_a_page_links_to_the_recipients_of_each_state(operator: Client, distribution: Distribution) -> None:
    def codes(**query: str) -> set[str]:
        rows = listed(operator, Recipient, distribution=distribution.pk, **query)
        return {recipient.contact.external_id for recipient in rows}

    assert codes() == {"anna", "bob", "carla"}
    assert codes(state="sent") == {"anna"}
    assert codes(state="failed") == {"bob"}
    assert codes(state="waiting") == {"carla"}
    assert codes(state="stopped") == codes(state="indeterminate") == set()


def test_a_distribution_is_found_by_name_and_by_ids(operator: Client, distribution: Distribution) -> None:
    ids = (distribution.pk, distribution.survey_id, distribution.mailing_list_id)
    for text in ("spring", *map(str, ids)):
        assert listed(operator, Distribution, q=text) == [distribution]
    for text in ("autumn", "00000000-0000-7000-8000-000000000000"):
        assert listed(operator, Distribution, q=text) == []


def test_a_mailing_list_is_renamed_and_links_to_its_distribution(operator: Client, distribution: Distribution) -> None:
    mailing_list = MailingList.objects.get()
    operator.post(address(mailing_list, "change"), {"name": "Spring people"})
    mailing_list.refresh_from_db()
    assert mailing_list.name == "Spring people"
    assert listed(operator, Distribution, mailing_list=mailing_list.pk) == [distribution]
    assert listed(operator, MailingList, q=str(mailing_list.pk)) == listed(operator, MailingList, q="people")


def test_deleting_a_mailing_list_leaves_its_distribution(operator: Client, distribution: Distribution) -> None:
    operator.post(address(MailingList.objects.get(), "delete"), {"post": "yes"})
    distribution.refresh_from_db()
    assert distribution.mailing_list_id is None
    assert Recipient.objects.filter(distribution=distribution).count() == 3


def test_an_invalid_filter_in_the_url_is_reported(operator: Client, distribution: Distribution) -> None:
    answer = operator.get(address(Recipient, "changelist", distribution="x"))
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith("?e=1")
    assert operator.get(answer.headers["Location"]).status_code == 200


def test_who_failed_is_sent_to_again(operator: Client, distribution: Distribution) -> None:
    assert "sending again to 1 recipient." in act(operator, "retry_selected", distribution)
    retry = ManualRetry.objects.get()
    assert retry.source == "operator olga"
    assert LogEntry.objects.get().get_change_message() == "sent again to 1 recipient"
    run_retries()
    distribution.refresh_from_db()
    assert (distribution.failed_count, distribution.waiting_count) == (0, 2)
    assert "there is nobody to send to again" in act(operator, "retry_selected", distribution)


def test_a_cancelled_distribution_is_not_sent_again(operator: Client, distribution: Distribution) -> None:
    cancel(distribution.pk, database_now())
    assert "is already cancelled" in act(operator, "retry_selected", distribution)
    assert not ManualRetry.objects.exists()
