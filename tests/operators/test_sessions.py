"""How long a login lasts, and the password that is asked for again."""

import time

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client

from channels.models import ProviderAccount
from contacts.models import ApiKey, Organization, OrganizationMember
from distributor.models import Survey
from tests.support.admin_pages import act, address
from tests.support.operators import Tenant, member, signed_in

HOUR = 3600
CONFIGURATION = {"host": "smtp.example.com", "port": 587, "security": "starttls"}


@pytest.fixture
def mona(manager: User) -> Client:
    return signed_in(manager)


def after(seconds: float) -> time_machine.travel:
    return time_machine.travel(time.time() + seconds)


def confirm(client: Client, password: str = "mona", next_page: str = "/admin/") -> int:
    return client.post("/admin/confirm/", {"password": password, "next": next_page}).status_code


def test_a_session_ends_after_twelve_hours_although_it_is_used(mona: Client, alder: Tenant) -> None:
    page, inbox = address(alder.row(Survey), "change"), "/sandbox/"
    for hours in range(1, 12, 2):
        with after(hours * HOUR):
            assert confirm(mona) == 302  # changes the session, which Django would prolong
            assert mona.get(page).status_code == mona.get(inbox).status_code == 200
    with after(12.1 * HOUR):
        for path in (page, inbox, "/admin/confirm/"):
            assert mona.get(path).headers["Location"].startswith("/admin/login/")


@pytest.mark.parametrize("page", ["add", "change"])
def test_the_password_is_asked_for_again(mona: Client, alder: Tenant, page: str) -> None:
    model = OrganizationMember if page == "add" else ApiKey
    path = address(model if page == "add" else alder.row(model), page)
    assert mona.get(path).status_code == 200
    with after(11 * 60):
        for answer in (mona.get(path), mona.post(path, {"name": "x", "role": "manager"})):
            assert answer.headers["Location"] == f"/admin/confirm/?next={path.replace('/', '%2F')}"
        assert confirm(mona, "wrong") == 200
        assert mona.get(path).status_code == 302
        assert confirm(mona, next_page=path) == 302
        assert mona.get(path).status_code == 200


def test_roles_and_links_need_it(mona: Client, alder: Tenant) -> None:
    row = alder.row(OrganizationMember)
    with after(11 * 60):
        assert mona.post(address(row, "delete"), {"post": "yes"}).headers["Location"].startswith("/admin/confirm/")
        assert "Confirm that it is you" in act(mona, "make_link", row)
    assert OrganizationMember.objects.filter(pk=row.pk).exists()


def test_credentials_need_it_and_nothing_else_of_an_account(mona: Client, alder: Tenant) -> None:
    account = ProviderAccount.objects.create(
        organization=alder.organization, name="relay", kind="smtp", channel="email", from_email="a@alder.example",
        configuration=CONFIGURATION, credentials={"password": "old"},
    )  # fmt: skip
    path = address(account, "change")
    form = {
        "name": "renamed", "from_email": "a@alder.example",
        **{f"setting_{name}": value for name, value in CONFIGURATION.items()},
        "urgent_reserve_percent": 10, "is_active": "on",
    }  # fmt: skip
    assert 'name="enter_password"' in mona.get(path).content.decode()
    with after(11 * 60):
        page = mona.get(path).content.decode()
        assert 'name="enter_password"' not in page
        assert "Enter your password again" in page
        for change in ({"enter_password": "new"}, {"clear_password": "on"}):
            assert mona.post(path, form | change).headers["Location"].startswith("/admin/confirm/")
        account.refresh_from_db()
        assert (account.name, account.credentials["password"]) == ("relay", "old")
        mona.post(path, form)
        account.refresh_from_db()
        assert (account.name, account.credentials["password"]) == ("renamed", "old")


def test_a_viewer_reads_keys_without_it(alder: Tenant) -> None:
    viewer = signed_in(User.objects.get(username="alder-victor"))
    with after(11 * 60):
        assert viewer.get(address(alder.row(ApiKey), "change")).status_code == 200


def test_a_superuser_is_asked_before_users_are_changed(superuser: User) -> None:
    client = signed_in(superuser)
    with after(11 * 60):
        for path in (f"/admin/auth/user/{superuser.pk}/change/", f"/admin/auth/user/{superuser.pk}/password/"):
            assert client.get(path).headers["Location"].startswith("/admin/confirm/")


def test_guesses_count_as_failed_logins(organization: Organization) -> None:
    mona = signed_in(member(organization, "manager", "mona"))
    assert [confirm(mona, f"guess {number}") for number in range(5)] == [200, 200, 200, 200, 429]
    assert confirm(mona) == 429


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:1", ""])
def test_it_leads_to_our_pages_only(organization: Organization, target: str) -> None:
    mona = signed_in(member(organization, "manager", "mona"))
    answer = mona.post("/admin/confirm/", {"password": "mona", "next": target})
    assert answer.headers["Location"] == "/admin/"
