from typing import Any

import pytest
from django.test import Client

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.models import MailingList, Organization
from distributor.engine.schedule.recurring import start_due
from distributor.models import Distribution, RecurringDistribution, Survey
from tests.support.admin_pages import address


@pytest.fixture
def form(
    organization: Organization,
    survey: Survey,
    accounts: dict[Channel, ProviderAccount],
    templates: dict[Channel, Template],
) -> dict[str, Any]:
    """A form that is right as it stands."""
    return {
        "organization": organization.pk,
        "name": "Weekly",
        "survey": survey.pk,
        "mailing_list": MailingList.objects.create(organization=organization, name="Ward B").pk,
        "mode": "single",
        "cron": "0 9 * * mon",
        "time_zone": "",
        "is_active": "on",
        "respect_frequency_rules": "on",
        "steps-TOTAL_FORMS": 1,
        "steps-INITIAL_FORMS": 0,
        "steps-0-priority": 1,
        "steps-0-provider_account": accounts[Channel.EMAIL].pk,
        "steps-0-template": templates[Channel.EMAIL].pk,
    }


def add(operator: Client, form: dict[str, Any]) -> Any:
    return operator.post(address(RecurringDistribution, "add"), form)


def test_a_recurring_distribution_is_made_with_its_next_moment(operator: Client, form: dict[str, Any]) -> None:
    assert add(operator, form).status_code == 302
    row = RecurringDistribution.objects.get()
    assert row.next_at is not None
    assert row.next_at.isoweekday() == 1
    assert row.steps.get().priority == 1


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("cron", "0 9 * *", "a cron expression has 5 fields"),
        ("cron", "0 25 * * *", "“25” is not between 0 and 23"),
        ("cron", "0 0 30 2 *", "this date never occurs"),
        ("time_zone", "Europe/Atlantis", "time zone"),
        ("recent_contact_days", "0", "greater than or equal to 1"),
    ],
)
def test_what_is_wrong_is_named(operator: Client, form: dict[str, Any], field: str, value: str, fault: str) -> None:
    answer = add(operator, {**form, field: value})
    assert fault in str(answer.context["adminform"].form.errors[field])
    assert not RecurringDistribution.objects.exists()


def test_another_organisations_things_are_refused(
    operator: Client, form: dict[str, Any], templates: dict[Channel, Template]
) -> None:
    other = Organization.objects.create(name="Other", slug="other")
    theirs = {
        "survey": Survey.objects.create(organization=other, name="Theirs").pk,
        "mailing_list": MailingList.objects.create(organization=other, name="Theirs").pk,
        "steps-0-provider_account": ProviderAccount.objects.create(
            organization=other, name="Theirs", kind="sandbox", channel="email"
        ).pk,
    }
    page = add(operator, {**form, **theirs}).content.decode()
    for fault in ("survey belongs to another", "list belongs to another", "account belongs to another"):
        assert fault in page
    page = add(operator, {**form, "steps-0-template": templates[Channel.SMS].pk}).content.decode()
    assert "This template is for sms" in page
    assert not RecurringDistribution.objects.exists()


def test_one_way_to_reach_people_is_needed(operator: Client, form: dict[str, Any]) -> None:
    assert add(operator, {**form, "steps-TOTAL_FORMS": 0}).status_code == 200
    assert not RecurringDistribution.objects.exists()


def test_its_page_shows_what_came_of_it(operator: Client, form: dict[str, Any]) -> None:
    add(operator, form)
    row = RecurringDistribution.objects.get()
    assert row.next_at is not None
    start_due(row.next_at)
    made = Distribution.objects.get()
    page = operator.get(address(row, "change")).content.decode()
    assert address(made, "change") in page
    assert made.name in page
