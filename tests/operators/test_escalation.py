"""What a manager tries in order to reach further than their organisation."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.test import Client

from channels.models import ProviderAccount, Template
from contacts.models import ApiKey, Contact, MailingList, Organization, OrganizationMember, Suppression
from distributor.models import Distribution, ListConnection, Recipient, RecurringDistribution, Survey
from tests.support.admin_pages import act, address
from tests.support.operators import Tenant, member, signed_in

NO_STEPS = {f"{inline}-{count}_FORMS": 0 for inline in ("variants", "steps") for count in ("TOTAL", "INITIAL")}


@pytest.fixture
def mona(manager: User) -> Client:
    return signed_in(manager)


def test_nobody_makes_themselves_superuser(mona: Client, manager: User) -> None:
    manager.user_permissions.set(Permission.objects.filter(content_type__app_label="auth"))  # from an older version
    page = f"/admin/auth/user/{manager.pk}/change/"
    assert mona.get(page).status_code == 403
    assert mona.post(page, {"username": "mona", "is_superuser": "on"}).status_code == 403
    assert mona.post(f"/admin/auth/user/{manager.pk}/password/", {}).status_code == 403
    own = address(OrganizationMember.objects.get(user=manager), "change")
    mona.post(own, {"role": "superuser", "is_superuser": "on", "user": 1})
    mona.post(own, {"role": "manager", "is_superuser": "on", "user": 1})
    manager.refresh_from_db()
    assert not manager.is_superuser
    assert OrganizationMember.objects.get(user=manager).role == "manager"


ADDED: list[tuple[Any, dict[str, Any]]] = [
    (OrganizationMember, {"login": "mona", "role": "manager"}),
    (ApiKey, {"name": "stolen", "scopes": ["send"]}),
    (Contact, {"external_id": "stolen", "embedded_data": "{}"}),
    (Suppression, {"channel": "email", "address": "stolen@example.com"}),
    (ProviderAccount, {"name": "stolen", "kind": "sandbox", "channel": "email", "configuration": "{}"}),
    (Survey, {"name": "stolen", "default_locale": "en"}),
    (Template, {"name": "stolen", "channel": "email", **NO_STEPS}),
]
MOVED: list[Any] = [ApiKey, Contact, MailingList, OrganizationMember, ProviderAccount, Survey, Template]


def test_nothing_is_added_to_another_organisation(mona: Client, birch: Tenant) -> None:
    for model, data in ADDED:
        before = model.objects.count()
        answer = mona.post(address(model, "add"), {**data, "organization": birch.organization.pk})
        assert "organization" in answer.context["adminform"].form.errors
        assert model.objects.count() == before


def test_a_manager_elsewhere_a_viewer_here_adds_no_member_here(mona: Client, birch: Tenant) -> None:
    member(birch, "viewer", "mona")
    data = {"organization": birch.organization.pk, "login": "new@example.com", "role": "manager"}
    assert "organization" in mona.post(address(OrganizationMember, "add"), data).context["adminform"].form.errors
    assert not User.objects.filter(username="new@example.com").exists()


def test_no_row_moves_to_another_organisation(mona: Client, alder: Tenant, birch: Tenant) -> None:
    for row in (alder.row(model) for model in MOVED):
        mona.post(address(row, "change"), {"organization": birch.organization.pk, "name": "x", "role": "viewer"})
        row.refresh_from_db()
        assert row.organization_id == alder.organization.pk


def test_rows_of_another_organisation_are_no_choices(mona: Client, alder: Tenant, birch: Tenant) -> None:
    recurring = {
        "organization": alder.organization.pk, "name": "x", "survey": birch.row(Survey).pk, "mode": "single",
        "mailing_list": birch.row(MailingList).pk, "cron": "0 9 * * *", **NO_STEPS,
        "steps-TOTAL_FORMS": 1, "steps-0-priority": 1,
        "steps-0-provider_account": birch.row(ProviderAccount).pk, "steps-0-template": birch.row(Template).pk,
    }  # fmt: skip
    answer = mona.post(address(RecurringDistribution, "add"), recurring)
    assert {"survey", "mailing_list"} <= answer.context["adminform"].form.errors.keys()
    steps = answer.context["inline_admin_formsets"][0].formset.errors[0]
    assert {"provider_account", "template"} <= steps.keys()
    assert all("Select a valid choice" in str(errors) for errors in (answer.context["adminform"].form.errors, steps))
    own = alder.row(ListConnection)
    moved = {"mailing_list": birch.row(MailingList).pk, "survey": birch.row(Survey).pk, "mode": "single", **NO_STEPS}
    mona.post(address(own, "change"), moved)
    own.refresh_from_db()
    assert own.survey_id == alder.row(Survey).pk


def test_actions_take_no_foreign_rows(mona: Client, birch: Tenant) -> None:
    distribution, contact, key = birch.row(Distribution), birch.row(Contact), birch.row(ApiKey)
    before = [model.objects.filter(pk=row.pk).values().get() for model, row in birch.rows.items()]  # type: ignore[attr-defined]
    for action in ("pause_selected", "resume_selected", "cancel_selected", "retry_selected"):
        assert "birch" not in act(mona, action, distribution)
    for action in ("opt_out", "lift_opt_out"):
        assert "birch" not in act(mona, action, contact)
    assert "birch" not in act(mona, "retry_selected", birch.row(Recipient))
    assert "birch" not in act(mona, "revoke", key)
    assert "birch" not in act(mona, "make_link", birch.row(OrganizationMember))
    assert before == [model.objects.filter(pk=row.pk).values().get() for model, row in birch.rows.items()]  # type: ignore[attr-defined]


def test_foreign_history_is_not_read(mona: Client, birch: Tenant) -> None:
    for row in (row for model, row in birch.rows.items() if admin.site.is_registered(model)):
        answer = mona.get(address(row, "history"))
        assert answer.status_code in (302, 403)
        assert "birch" not in answer.content.decode()


def test_the_user_of_a_member_is_not_exchanged(mona: Client, alder: Tenant, superuser: User) -> None:
    row = alder.row(OrganizationMember)
    mona.post(address(row, "change"), {"role": "operator", "user": superuser.pk})
    row.refresh_from_db()
    assert (row.user.username, row.role) == ("alder-victor", "operator")


def test_organisations_keep_their_id(mona: Client, alder: Tenant) -> None:
    names = list(Organization.objects.values_list("pk", flat=True))
    mona.post(address(alder.organization, "change"), {"id": "01a227a9-62ab-73b2-8365-f6fc51560f2e", "name": "x"})
    assert list(Organization.objects.values_list("pk", flat=True)) == names
