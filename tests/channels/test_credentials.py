"""Provider credentials at rest."""

from collections.abc import Generator
from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from channels import credentials
from channels.credential_rotation import Rotation, rotate_credentials
from channels.credentials import UNREADABLE, UnreadableCredentials
from channels.models import ProviderAccount
from channels.providers.base import Outcome, Scope
from channels.providers.registry import open_provider
from contacts.channel import Channel
from contacts.models import Organization
from distributor.engine.route.step_context import as_account
from tests.support.channels.invitations import invitation

SECRETS = {"username": "acme", "password": "correct horse zażółć"}
RELAY = {"host": "smtp.example.com", "port": 587, "security": "starttls"}
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture(autouse=True)
def forget_keys() -> Generator[None]:
    """Forget the keys, which are otherwise read once per process."""
    credentials._fernet.cache_clear()
    yield
    credentials._fernet.cache_clear()


@pytest.fixture
def account(organization: Organization, settings: Settings) -> ProviderAccount:
    """An account whose credentials were encrypted with the old key."""
    use_keys(settings, OLD)
    return ProviderAccount.objects.create(
        organization=organization, name="Relay", kind="smtp", channel=Channel.EMAIL, credentials=SECRETS
    )


def use_keys(settings: Settings, *keys: str) -> None:
    settings.CREDENTIAL_KEYS = list(keys)
    credentials._fernet.cache_clear()


def damage(account: ProviderAccount, token: bytes) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE channels_provideraccount SET credentials = %s WHERE id = %s", [token, account.id])


def stored(account: ProviderAccount) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute("SELECT credentials FROM channels_provideraccount WHERE id = %s", [account.id])
        return bytes(cursor.fetchone()[0])


def test_credentials_come_back_as_they_were_given(account: ProviderAccount) -> None:
    assert ProviderAccount.objects.get(id=account.id).credentials == SECRETS


def test_the_database_holds_neither_names_nor_values_of_credentials(account: ProviderAccount) -> None:
    assert not any(word.encode() in stored(account) for pair in SECRETS.items() for word in pair)
    assert Fernet(OLD).decrypt(stored(account))


def test_an_account_without_credentials_has_an_empty_dict(organization: Organization) -> None:
    account = ProviderAccount.objects.create(
        organization=organization, name="Sandbox", kind="sandbox", channel=Channel.SMS
    )
    assert ProviderAccount.objects.get(id=account.id).credentials == {}


def test_with_a_new_key_in_front_the_old_rows_can_still_be_read(account: ProviderAccount, settings: Settings) -> None:
    use_keys(settings, NEW, OLD)
    assert ProviderAccount.objects.get(id=account.id).credentials == SECRETS


def test_saving_once_moves_a_row_to_the_new_key(account: ProviderAccount, settings: Settings) -> None:
    use_keys(settings, NEW, OLD)
    ProviderAccount.objects.get(id=account.id).save()
    use_keys(settings, NEW)
    assert ProviderAccount.objects.get(id=account.id).credentials == SECRETS


def test_a_row_whose_key_is_gone_has_no_credentials_and_keeps_its_token(
    account: ProviderAccount, settings: Settings
) -> None:
    token = stored(account)
    use_keys(settings, NEW)
    unreadable = ProviderAccount.objects.get(id=account.id)
    assert isinstance(unreadable.credentials, UnreadableCredentials)
    assert dict(unreadable.credentials) == {}
    assert unreadable.credentials != {}
    unreadable.name = "Renamed"
    unreadable.save()
    assert stored(account) == token
    use_keys(settings, NEW, OLD)
    assert ProviderAccount.objects.get(id=account.id).credentials == SECRETS


@pytest.mark.parametrize(
    "token",
    [b"", b"no token", Fernet(NEW).encrypt(b"[1]"), Fernet(NEW).encrypt(b"{")],
    ids=["empty", "no token", "a list", "no JSON"],
)
def test_a_damaged_row_is_unreadable_too(account: ProviderAccount, settings: Settings, token: bytes) -> None:
    use_keys(settings, NEW, OLD)
    damage(account, token)
    assert isinstance(ProviderAccount.objects.get(id=account.id).credentials, UnreadableCredentials)


@pytest.fixture
def spoiled(account: ProviderAccount, organization: Organization) -> ProviderAccount:
    """A second account, whose credentials no key decrypts."""
    other = ProviderAccount.objects.create(
        organization=organization, name="Spoiled", kind="smtp", channel=Channel.EMAIL, configuration=RELAY
    )
    damage(other, Fernet(Fernet.generate_key()).encrypt(b'{"password": "lost"}'))
    return other


def test_rotating_leaves_nothing_to_the_old_key(
    account: ProviderAccount, organization: Organization, settings: Settings
) -> None:
    others = [
        ProviderAccount.objects.create(
            organization=organization, name=name, kind="smtp", channel=Channel.EMAIL, credentials={"password": name}
        )
        for name in ("One", "Two", "Three", "Four")
    ]
    use_keys(settings, NEW, OLD)
    with CaptureQueriesContext(connection) as queries:
        assert rotate_credentials(chunk_size=2) == Rotation(5, [])
    assert sum("FOR NO KEY UPDATE" in query["sql"] for query in queries) == 3
    use_keys(settings, NEW)
    found = {row.id: row.credentials for row in ProviderAccount.objects.all()}
    assert found == {account.id: SECRETS, **{other.id: {"password": other.name} for other in others}}


def test_an_unreadable_row_is_named_and_spoils_nothing_else(
    account: ProviderAccount, spoiled: ProviderAccount, settings: Settings
) -> None:
    token, written = stored(spoiled), StringIO()
    use_keys(settings, NEW, OLD)
    with pytest.raises(CommandError, match=rf"1 accounts: .*\n  {spoiled.id} \(Spoiled\)\n"):
        call_command("rotate_credentials", stdout=written)
    assert written.getvalue() == "1 accounts: credentials encrypted with the first key.\n"
    assert stored(spoiled) == token
    use_keys(settings, NEW)
    assert ProviderAccount.objects.get(id=account.id).credentials == SECRETS


def test_the_command_says_when_the_other_keys_can_go(account: ProviderAccount, settings: Settings) -> None:
    written = StringIO()
    use_keys(settings, NEW, OLD)
    call_command("rotate_credentials", stdout=written)
    assert written.getvalue().splitlines()[-1] == "The other keys are no longer needed."


def test_an_unreadable_row_spoils_no_list_and_names_its_fault(
    account: ProviderAccount, spoiled: ProviderAccount, client: Client, admin_client: Client
) -> None:
    answers = {row["id"]: row for row in client.get("/api/v1/providers").json()["items"]}
    assert answers[str(account.id)]["credentialNames"] == ["password", "username"]
    assert answers[str(spoiled.id)]["credentialNames"] == []
    assert answers[str(spoiled.id)]["faults"] == [UNREADABLE]
    listed = admin_client.get("/admin/channels/provideraccount/").content.decode()
    assert "Relay" in listed
    assert "Spoiled" in listed
    page = admin_client.get(f"/admin/channels/provideraccount/{spoiled.id}/change/")
    assert UNREADABLE in page.content.decode()


def test_new_credentials_replace_what_cannot_be_read(spoiled: ProviderAccount, client: Client) -> None:
    path = f"/api/v1/providers/{spoiled.id}"
    client.patch(path, {"name": "Still"}, content_type="application/json")
    assert isinstance(ProviderAccount.objects.get(id=spoiled.id).credentials, UnreadableCredentials)
    given = {"credentials": {"username": "acme", "password": "new"}}
    assert client.patch(path, given, content_type="application/json").json()["faults"] == []
    assert ProviderAccount.objects.get(id=spoiled.id).credentials == given["credentials"]


def test_sending_with_an_unreadable_account_is_the_accounts_fault(spoiled: ProviderAccount) -> None:
    spoiled.refresh_from_db()
    [result] = open_provider("smtp", as_account(spoiled)).send_batch([invitation("ann@example.com")])
    assert (result.outcome, result.scope, result.detail) == (Outcome.PERMANENT, Scope.ACCOUNT, UNREADABLE)


def test_a_webhook_that_cannot_be_verified_is_asked_for_again(spoiled: ProviderAccount, client: Client) -> None:
    ProviderAccount.objects.filter(id=spoiled.id).update(kind="anymail", configuration={"esp": "postmark"})
    answer = client.post(f"/webhooks/{spoiled.id}", b"{}", content_type="application/json")
    assert answer.status_code == 503
