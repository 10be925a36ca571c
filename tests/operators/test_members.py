"""Adding members: users who exist, new users, and the link that sets their password."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client

from contacts.models import OrganizationMember
from tests.support.admin_pages import act, address, faults
from tests.support.operators import Tenant, member, signed_in


@pytest.fixture
def mona(manager: User) -> Client:
    return signed_in(manager)


def add(client: Client, tenant: Tenant, login: str, role: str = "operator") -> str:
    """Add a member and return the page that follows."""
    data = {"organization": tenant.organization.pk, "login": login, "role": role}
    return client.post(address(OrganizationMember, "add"), data, follow=True).content.decode()


def link_in(page: str) -> str:
    found = re.search(r"http://[^<]*(/admin/set-password/[^<]+)", page)
    assert found
    return found[1]


def set_password(path: str, password: str = "correct horse 7") -> int:
    client = Client()
    page = client.get(path, follow=True)
    form = page.redirect_chain[-1][0] if page.redirect_chain else path
    return client.post(form, {"new_password1": password, "new_password2": password}).status_code


def test_a_new_user_sets_a_password_once_and_signs_in(mona: Client, alder: Tenant) -> None:
    path = link_in(add(mona, alder, "new@example.com"))
    user = User.objects.get(username="new@example.com")
    assert (user.email, user.is_staff, user.has_usable_password()) == ("new@example.com", True, False)
    assert set_password(path) == 302
    assert set_password(path, "another horse 8") == 200  # the page that says the link was used
    user.refresh_from_db()
    assert user.check_password("correct horse 7")
    client = Client()
    client.post("/admin/login/", {"username": "new@example.com", "password": "correct horse 7"})
    assert "alder clinic" in client.get(address(alder.organization, "change")).content.decode()


def test_the_link_is_kept_nowhere(mona: Client, alder: Tenant, capfd: pytest.CaptureFixture[str]) -> None:
    path = link_in(add(mona, alder, "new@example.com"))
    token = path.rstrip("/").rpartition("/")[2]
    Client().get(path)
    assert token not in capfd.readouterr().err
    assert not any(token in str(entry) for entry in LogEntry.objects.values())
    assert token not in str(mona.cookies)


def test_a_new_link_is_made_until_the_user_has_a_password(mona: Client, alder: Tenant) -> None:
    add(mona, alder, "new@example.com")
    row = OrganizationMember.objects.get(user__username="new@example.com")
    assert set_password(link_in(act(mona, "make_link", row))) == 302
    assert "has signed in before" in act(mona, "make_link", row)


def test_users_of_strangers_are_added_by_superusers_only(
    mona: Client, alder: Tenant, birch: Tenant, superuser: User
) -> None:
    User.objects.filter(username="birch-victor").update(email="victor@example.com")
    for login in ("birch-victor", "BIRCH-victor", "Victor@example.com"):
        data = {"organization": alder.organization.pk, "login": login, "role": "viewer"}
        assert list(faults(mona.post(address(OrganizationMember, "add"), data))) == ["login"]
    assert "set-password" not in add(signed_in(superuser), alder, "victor@example.com")
    assert set(OrganizationMember.objects.filter(user__username="birch-victor").values_list("organization__slug")) == {
        ("alder",),
        ("birch",),
    }


def test_a_manager_of_two_organisations_adds_a_user_of_one_to_the_other(
    mona: Client, alder: Tenant, birch: Tenant
) -> None:
    member(birch, "manager", "mona")
    add(mona, birch, "alder-victor", "viewer")
    assert OrganizationMember.objects.filter(user__username="alder-victor").count() == 2


def test_a_member_is_added_once(mona: Client, alder: Tenant) -> None:
    data = {"organization": alder.organization.pk, "login": "alder-victor", "role": "viewer"}
    assert list(faults(mona.post(address(OrganizationMember, "add"), data))) == ["login"]


def test_no_link_takes_over_a_login(mona: Client, alder: Tenant, birch: Tenant) -> None:
    """Not of a superuser, and not of a user who belongs to another organisation, too."""
    boss = User.objects.create_user("boss", is_superuser=True, is_staff=True)
    shared = User.objects.create_user("shared", is_staff=True)
    for user in (boss, shared):
        user.set_unusable_password()
        user.save()
        member(alder, "viewer", user.username)
    member(birch, "viewer", "shared")
    for user in (boss, shared):
        row = OrganizationMember.objects.get(user=user, organization=alder.organization)
        assert "set-password" not in act(mona, "make_link", row)
