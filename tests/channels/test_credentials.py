"""Provider credentials at rest."""

from collections.abc import Generator

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from pytest_django import Settings

from channels import credentials
from channels.models import ProviderAccount
from contacts.channel import Channel
from contacts.models import Organization

SECRETS = {"username": "acme", "password": "correct horse zażółć"}
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


def test_saving_once_moves_a_row_to_the_new_key_and_the_old_one_can_go(
    account: ProviderAccount, settings: Settings
) -> None:
    use_keys(settings, NEW, OLD)
    ProviderAccount.objects.get(id=account.id).save()
    use_keys(settings, NEW)
    assert ProviderAccount.objects.get(id=account.id).credentials == SECRETS


def test_a_row_whose_key_is_gone_is_a_configuration_error(account: ProviderAccount, settings: Settings) -> None:
    use_keys(settings, NEW)
    with pytest.raises(ImproperlyConfigured, match="CREDENTIAL_KEYS"):
        ProviderAccount.objects.get(id=account.id)
