"""What each role may do, as a table, and that the admin asks it."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client

from channels.models import ProviderAccount
from contacts.models import ApiKey, Contact, Organization, OrganizationMember
from contacts.operators.roles import PERMISSIONS, Role
from distributor.models import Distribution, Survey
from tests.support.admin_pages import act, address, listed
from tests.support.operators import Tenant, member, signed_in

VIEW, RUN, MANAGE = Role.VIEWER, Role.OPERATOR, Role.MANAGER
# The least role for view, add, change, delete and control; "-" for superusers only.
TABLE = {
    "contacts.organization": (VIEW, "-", MANAGE, "-", "-"),
    "contacts.organizationmember": (VIEW, MANAGE, MANAGE, MANAGE, "-"),
    "contacts.apikey": (VIEW, MANAGE, MANAGE, MANAGE, "-"),
    "contacts.consentevent": (VIEW, "-", "-", "-", "-"),
    "contacts.contact": (VIEW, RUN, RUN, RUN, "-"),
    "contacts.mailinglist": (VIEW, RUN, RUN, RUN, "-"),
    "contacts.suppression": (VIEW, RUN, RUN, RUN, "-"),
    "channels.provideraccount": (VIEW, MANAGE, MANAGE, MANAGE, "-"),
    "channels.template": (VIEW, RUN, RUN, RUN, "-"),
    "channels.sandboxmessage": (VIEW, "-", "-", "-", "-"),
    "distributor.distribution": (VIEW, "-", "-", "-", RUN),
    "distributor.recipient": (VIEW, "-", "-", "-", "-"),
    "distributor.response": (VIEW, "-", "-", "-", "-"),
    "distributor.reply": (VIEW, "-", "-", "-", "-"),
    "distributor.auditentry": (MANAGE, "-", "-", "-", "-"),
    "distributor.survey": (VIEW, RUN, RUN, RUN, "-"),
    "distributor.recurringdistribution": (VIEW, RUN, RUN, RUN, "-"),
    "distributor.eventendpoint": (VIEW, MANAGE, MANAGE, MANAGE, "-"),
    "distributor.eventdelivery": (VIEW, "-", "-", "-", "-"),
    "distributor.listconnection": (VIEW, RUN, RUN, RUN, "-"),
    "distributor.export": (RUN, RUN, "-", RUN, "-"),
}
RANKS = [VIEW, RUN, MANAGE]


def test_the_table_is_what_the_roles_permit() -> None:
    for role in RANKS:
        expected = {
            f"{app}.{deed}_{name}"
            for (app, name), least in ((model.split("."), least) for model, least in TABLE.items())
            for deed, needed in zip(("view", "add", "change", "delete", "control"), least, strict=True)
            if needed != "-" and RANKS.index(role) >= RANKS.index(Role(needed))
        }
        assert PERMISSIONS[role] == expected


@pytest.mark.django_db
def test_every_model_of_the_admin_is_in_the_table_or_for_superusers() -> None:
    registered = {model._meta.label_lower for model in admin.site._registry}
    ours = {name for name in registered if name.partition(".")[0] in ("contacts", "channels", "distributor")}
    assert ours | {"channels.sandboxmessage", "distributor.export"} == set(TABLE)


@pytest.mark.parametrize("role", RANKS)
def test_pages_ask_the_table(alder: Tenant, role: Role) -> None:
    client = signed_in(member(alder, role, "ada"))
    for model in admin.site._registry:
        row = alder.rows.get(model)
        if row is None:
            assert client.get(address(model, "changelist")).status_code == 403
            continue
        label = model._meta.label_lower
        view, add, change = (
            needed != "-" and RANKS.index(role) >= RANKS.index(Role(needed)) for needed in TABLE[label][:3]
        )
        assert (client.get(address(model, "changelist")).status_code == 200) == view
        can_add = add and label != "contacts.mailinglist"  # lists are made by calls
        assert (client.get(address(model, "add")).status_code == 200) == can_add
        can_change = change and label != "contacts.suppression"  # only added and lifted
        assert (b'name="_save"' in client.get(address(row, "change")).content) == can_change


@pytest.mark.parametrize(("role", "is_paused"), [("viewer", False), ("operator", True)])
def test_distributions_are_controlled_by_operators(alder: Tenant, role: str, is_paused: bool) -> None:
    client, row = signed_in(member(alder, role, "ada")), alder.row(Distribution)
    Distribution.objects.filter(pk=row.pk).update(accepted_count=2)  # one waits
    act(client, "pause_selected", row)
    row.refresh_from_db()
    assert (row.paused_at is not None) == is_paused


def test_each_organisation_has_its_own_role(alder: Tenant, birch: Tenant) -> None:
    """A manager of one organisation is a viewer of another, and acts on rows of both at once."""
    user = member(alder, "manager", "ada")
    member(birch, "viewer", "ada")
    client = signed_in(user)
    assert len(listed(client, ApiKey)) == 2
    assert "API keys revoked: 1." in act(client, "revoke", alder.row(ApiKey), birch.row(ApiKey))
    assert ApiKey.objects.get(revoked_at=None) == birch.row(ApiKey)
    changed = {model: client.post(address(birch.row(model), "change"), {}).status_code for model in (Survey, Contact)}
    assert set(changed.values()) == {403}
    assert client.post(address(birch.row(Survey), "delete"), {"post": "yes"}).status_code == 403


def test_a_user_without_an_organisation_sees_nothing(alder: Tenant) -> None:
    client = signed_in(User.objects.create_user("nobody", is_staff=True))
    assert client.get("/admin/").status_code == 200
    assert client.get(address(Survey, "changelist")).status_code == 403
    assert client.get(f"/sandbox/messages/{alder.messages[0].pk}/").status_code == 404


def test_a_member_who_is_removed_sees_nothing_at_once(alder: Tenant, manager: User) -> None:
    client: Client = signed_in(manager)
    assert client.get(address(alder.row(ProviderAccount), "change")).status_code == 200
    OrganizationMember.objects.filter(user=manager).delete()
    assert client.get(address(alder.row(ProviderAccount), "change")).status_code != 200
    assert "alder" not in client.get("/admin/").content.decode()


def test_only_superusers_make_organisations(manager: User, superuser: User) -> None:
    assert signed_in(manager).get(address(Organization, "add")).status_code == 403
    assert signed_in(superuser).get(address(Organization, "add")).status_code == 200
