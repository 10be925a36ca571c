from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client

from contacts.api_keys import create_api_key
from contacts.models import ApiKey, Organization, OrganizationMember
from contacts.models.api_key import Scope
from distributor.engine.calls.record import Call, recorder
from distributor.engine.infrastructure import valkey
from tests.support.admin_pages import act, address, faults, listed

FORM = {"name": "HIS production", "scopes": ["send", "read"], "expires_at_0": "2099-01-01", "expires_at_1": "00:00"}


def make_key(operator: Client, organization: Organization, **changes: Any) -> str:
    """Create a key with the form, and return it as the page shows it."""
    answer = operator.post(address(ApiKey, "add"), {"organization": organization.pk, **FORM, **changes})
    assert answer.status_code == 200
    key: str = answer.context["key"]
    assert f">{key}<" in answer.content.decode()
    return key


def test_a_new_key_works(operator: Client, organization: Organization) -> None:
    key = make_key(operator, organization)
    assert Client(headers={"x-api-key": key}).get("/api/v1/distributions").status_code == 200
    row = ApiKey.objects.get()
    assert (row.name, row.scopes) == ("HIS production", ["send", "read"])
    assert row.expires_at == datetime(2099, 1, 1, tzinfo=UTC)


def test_a_key_is_shown_once_and_kept_nowhere(operator: Client, organization: Organization) -> None:
    key = make_key(operator, organization)
    secret = key.rpartition("_")[2]
    row = ApiKey.objects.get()
    for page in (address(ApiKey, "changelist"), address(row, "change"), address(row, "history"), "/admin/"):
        shown = operator.get(page).content.decode()
        assert secret not in shown
        assert page == "/admin/" or f"dk_{row.prefix}_" in shown
    assert secret not in str(ApiKey.objects.values().get())
    assert not any(secret in cookie.value for cookie in operator.cookies.values())
    assert not any(secret in str(entry) for entry in LogEntry.objects.values())
    assert not any(secret in str(value) for value in operator.session.values())


@pytest.mark.parametrize("scopes", [[], ["everything"]])
def test_a_key_needs_known_scopes(operator: Client, organization: Organization, scopes: list[str]) -> None:
    answer = operator.post(address(ApiKey, "add"), {"organization": organization.pk, **FORM, "scopes": scopes})
    assert list(faults(answer)) == ["scopes"]
    assert not ApiKey.objects.exists()


def test_scopes_are_checkboxes_and_can_be_changed(operator: Client, organization: Organization) -> None:
    key = make_key(operator, organization)
    row = ApiKey.objects.get()
    page = operator.get(address(row, "change")).content.decode()
    assert page.count('type="checkbox" name="scopes"') == 3
    answer = operator.post(address(row, "change"), {**FORM, "scopes": ["send"], "prefix": "AAAAAAAA"})
    assert answer.status_code == 302
    row.refresh_from_db()
    assert (row.scopes, row.prefix) == (["send"], key[3:11])
    assert Client(headers={"x-api-key": key}).get("/api/v1/distributions").status_code == 403


def test_a_revoked_key_works_no_more(operator: Client, organization: Organization) -> None:
    key = make_key(operator, organization)
    row = ApiKey.objects.get()
    assert "API keys revoked: 1." in act(operator, "revoke", row)
    row.refresh_from_db()
    revoked_at = row.revoked_at
    assert revoked_at is not None
    assert Client(headers={"x-api-key": key}).get("/api/v1/distributions").status_code == 401
    assert LogEntry.objects.filter(object_id=str(row.pk), change_message="Revoked.").count() == 1
    assert "API keys revoked: 0." in act(operator, "revoke", row)
    row.refresh_from_db()
    assert row.revoked_at == revoked_at


def test_a_key_is_found_by_its_prefix(operator: Client, organization: Organization) -> None:
    key = make_key(operator, organization)
    make_key(operator, organization)
    assert [row.prefix for row in listed(operator, ApiKey, q=key[3:11])] == [key[3:11]]


def test_the_page_of_a_key_shows_its_last_calls_in_english_and_polish(
    operator: Client, organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(valkey, "_paused_until", 0.0)
    key, secret = create_api_key(organization, "HIS", list(Scope))
    unused, _ = create_api_key(organization, "other", list(Scope))
    Client(headers={"x-api-key": secret}).get("/api/v1/contacts?email=ann@example.com", headers={"X-Request-Id": "r-1"})
    recorder.write_now()
    page = operator.get(address(key, "change")).content.decode()
    assert "<h2>Last calls</h2>" in page
    assert "<code>/api/v1/contacts</code>" in page
    assert "<code>r-1</code>" in page
    assert "ann@" not in page
    assert "made no calls" in operator.get(address(unused, "change")).content.decode()
    polish = operator.get(address(key, "change"), headers={"Accept-Language": "pl"}).content.decode()
    assert "<h2>Ostatnie wywołania</h2>" in polish
    monkeypatch.setattr(valkey, "_paused_until", float("inf"))
    assert "Valkey is away" in operator.get(address(key, "change")).content.decode()


def test_another_organisations_key_shows_no_calls(operator: Client, user: User, organization: Organization) -> None:
    key, _ = create_api_key(Organization.objects.create(name="Other", slug="other"), "foreign", list(Scope))
    own, _ = create_api_key(organization, "own", list(Scope))
    for each in (key, own):
        recorder.add(Call(0.0, "native", "GET", f"api/v1/{each.name}", 200, 0.01, "r-2", each.pk))
    recorder.write_now()
    user.is_superuser = False
    user.save()
    OrganizationMember.objects.create(user=user, organization=organization, role="manager")
    assert b"api/v1/own" in operator.get(address(own, "change")).content
    assert b"api/v1/foreign" not in operator.get(address(key, "change"), follow=True).content
