"""Make a send: who may, drafts that are too old, and pages whose work is bounded."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from contacts.models import MailingList, Organization, OrganizationMember
from distributor.models import Distribution, Survey
from tests.support.operators import member, signed_in
from tests.support.send_wizard import RULES, SEND, Wizard, to_check


def test_viewers_and_strangers_cannot_send(
    operator: Client, organization: Organization, survey: Survey, steps: dict[str, Any], audience: MailingList
) -> None:
    wizard = to_check(operator, survey, steps, {"audience": "list", "mailing_list": audience.pk})
    form = {**wizard.hidden, "go": "send"}
    viewer = signed_in(member(organization, "viewer", "vic"))
    stranger = signed_in(member(Organization.objects.create(name="Birch", slug="birch"), "manager", "bob"))
    assert viewer.get(SEND).status_code == 403
    assert viewer.post(SEND, form)["Location"] == SEND  # the draft is not theirs
    assert stranger.post(SEND, form)["Location"] == SEND
    assert stranger.get(SEND, {"organization": str(organization.pk)}).status_code == 403
    page = Wizard(stranger)
    assert str(survey.pk) not in page.page
    assert "Select a valid choice" in page.go(survey=survey.pk).page
    OrganizationMember.objects.update(role="viewer")
    assert operator.post(SEND, form).status_code == 403
    assert Distribution.objects.count() == 0


def test_with_two_organisations_one_is_chosen_first(operator: Client, organization: Organization) -> None:
    second = Organization.objects.create(name="Birch", slug="birch")
    OrganizationMember.objects.create(organization=second, user=User.objects.get(), role="operator")
    page = operator.get(SEND, {"when": "recurring"}).content.decode()
    assert f"?organization={second.pk}&amp;when=recurring" in page
    assert "Organisation: Birch." in Wizard(operator, organization=str(second.pk)).page


def test_a_draft_of_yesterday_starts_again(operator: Client, survey: Survey, monkeypatch: pytest.MonkeyPatch) -> None:
    wizard = Wizard(operator)
    monkeypatch.setattr("distributor.control_room.sends.draft.LIFETIME", timedelta(seconds=-1))
    assert wizard.client.post(SEND, {**wizard.hidden, "survey": survey.pk})["Location"] == SEND
    assert "more than a day ago" in operator.get(SEND).content.decode()


def test_a_form_without_its_token_is_refused(organization: Organization) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(member(organization, "operator", "eve"))
    assert client.post(SEND, {"go": "send"}).status_code == 403


@pytest.fixture
def many_lists(organization: Organization) -> None:
    """Lists that sends made."""
    MailingList.objects.bulk_create(
        MailingList(organization=organization, name=f"Quick {number}", is_automatic=True) for number in range(20)
    )


@pytest.mark.usefixtures("many_lists")
def test_the_picker_offers_no_lists_of_sends(
    operator: Client, survey: Survey, audience: MailingList, django_assert_max_num_queries: Any
) -> None:
    wizard = Wizard(operator)
    with django_assert_max_num_queries(11):
        wizard.go(survey=survey.pk)
    assert "Ward B" in wizard.page
    assert "Quick" not in wizard.page
    asked_for = MailingList.objects.filter(is_automatic=True)[0]
    assert wizard.go(audience="list", other_list=str(asked_for.pk)).name == "messages"


def test_the_last_page_asks_the_database_a_bounded_number_of_times(
    operator: Client, survey: Survey, steps: dict[str, Any], audience: MailingList, django_assert_max_num_queries: Any
) -> None:
    wizard = Wizard(operator).go(survey=survey.pk).go(audience="list", mailing_list=audience.pk)
    wizard.go(**steps).go(when="now")
    with django_assert_max_num_queries(45):
        wizard.go(**RULES)
    assert wizard.name == "check"


def test_of_many_people_the_first_are_judged_and_all_are_counted_and_sent_to(
    operator: Client, survey: Survey, steps: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("distributor.control_room.sends.forecast.BATCH_SIZE", 2)
    people = "a@example.com\nb@example.com\nc@example.com"
    wizard = to_check(operator, survey, steps, {"audience": "people", "people": people})
    assert "3 people in the audience." in wizard.page
    assert "What follows is about the first 2." in wizard.page
    wizard.go("send")
    assert Distribution.objects.get().accepted_count == 3
