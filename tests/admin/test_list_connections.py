from typing import Any

import pytest
from django.test import Client

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.models import MailingList, Organization
from distributor.models import ListConnection, Survey
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
        "mailing_list": MailingList.objects.create(organization=organization, name="Ward B").pk,
        "survey": survey.pk,
        "mode": "multi",
        "is_active": "on",
        "steps-TOTAL_FORMS": 1,
        "steps-INITIAL_FORMS": 0,
        "steps-0-priority": 1,
        "steps-0-provider_account": accounts[Channel.SMS].pk,
        "steps-0-template": templates[Channel.SMS].pk,
    }


def add(operator: Client, form: dict[str, Any]) -> Any:
    return operator.post(address(ListConnection, "add"), form)


def test_a_list_is_connected_to_a_survey(operator: Client, form: dict[str, Any], survey: Survey) -> None:
    assert add(operator, form).status_code == 302
    row = ListConnection.objects.get()
    assert (row.mailing_list_id, row.survey, row.mode, row.is_active) == (form["mailing_list"], survey, "multi", True)
    assert row.steps.get().provider_account_id == form["steps-0-provider_account"]


def test_a_connection_may_leave_the_channel_to_the_organisations_defaults(
    operator: Client, form: dict[str, Any]
) -> None:
    assert add(operator, {**form, "steps-TOTAL_FORMS": 0}).status_code == 302
    assert ListConnection.objects.get().steps.count() == 0


def test_a_list_is_connected_once(operator: Client, form: dict[str, Any]) -> None:
    add(operator, form)
    assert "already exists" in add(operator, form).content.decode()


def test_a_connection_stays_with_its_list_and_is_taken_away(operator: Client, form: dict[str, Any]) -> None:
    add(operator, form)
    row = ListConnection.objects.get()
    assert operator.post(address(row, "change"), {**form, "mode": "single", "steps-TOTAL_FORMS": 0}).status_code == 302
    row.refresh_from_db()
    assert row.mode == "single"
    operator.post(address(row, "delete"), {"post": "yes"})
    assert not ListConnection.objects.exists()
    assert MailingList.objects.exists()


def test_another_organisations_things_and_no_list_are_refused(
    operator: Client, form: dict[str, Any], templates: dict[Channel, Template]
) -> None:
    other = Organization.objects.create(name="Other", slug="other")
    theirs = {
        "survey": Survey.objects.create(organization=other, name="Theirs").pk,
        "steps-0-provider_account": ProviderAccount.objects.create(
            organization=other, name="Theirs", kind="sandbox", channel="sms"
        ).pk,
    }
    page = add(operator, {**form, **theirs}).content.decode()
    for fault in ("survey belongs to another", "account belongs to another"):
        assert fault in page
    page = add(operator, {**form, "steps-0-template": templates[Channel.EMAIL].pk}).content.decode()
    assert "This template is for email" in page
    assert "This field is required" in add(operator, {**form, "mailing_list": ""}).content.decode()
    assert not ListConnection.objects.exists()
