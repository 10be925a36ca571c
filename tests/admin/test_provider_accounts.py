import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from pytest_django import Settings

from channels.models import ProviderAccount
from channels.providers.registry import provider_class
from contacts.models import Organization, OrganizationMember
from tests.support.admin_pages import address, faults

SMTP = {"host": "smtp.example.com", "port": 587, "security": "starttls"}


def form(configuration: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """Return what the form of an account with this configuration posts."""
    given = {
        "name": "Relay",
        "is_active": "on",
        "from_email": "surveys@example.com",
        "urgent_reserve_percent": 10,
        **{f"setting_{name}": value for name, value in (SMTP if configuration is None else configuration).items()},
    }
    return {**given, **changes}


@pytest.fixture
def account(organization: Organization) -> ProviderAccount:
    return ProviderAccount.objects.create(
        organization=organization,
        name="Relay",
        kind="smtp",
        channel="email",
        configuration=SMTP,
        credentials={"username": "relay-user", "password": "relay-secret"},
    )


def credentials(account: ProviderAccount) -> dict[str, str]:
    stored: dict[str, str] = ProviderAccount.objects.get(pk=account.pk).credentials
    return stored


def test_adding_an_account_continues_with_its_credentials(operator: Client, organization: Organization) -> None:
    data = form(organization=organization.pk, kind="smtp", channel="email")
    answer = operator.post(address(ProviderAccount, "add"), data, follow=True)
    account = ProviderAccount.objects.get()
    assert answer.redirect_chain[-1][0] == address(account, "change")
    page = answer.content.decode()
    assert 'name="enter_username"' in page
    assert 'name="enter_password"' in page
    assert page.count("Not set.") == 2
    assert account.credentials == {}


def test_an_account_without_credentials_is_done_at_once(operator: Client, organization: Organization) -> None:
    data = form(organization=organization.pk, kind="sandbox", channel="sms", configuration={})
    answer = operator.post(address(ProviderAccount, "add"), data)
    assert answer.headers["Location"] == address(ProviderAccount, "changelist")
    page = operator.get(address(ProviderAccount.objects.get(), "change")).content.decode()
    assert "Credentials" not in page


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_a_channel_has_one_default_account(
    operator: Client, organization: Organization, account: ProviderAccount, channel: str
) -> None:
    ProviderAccount.objects.create(
        organization=organization, name="First", kind="sandbox", channel=channel, is_default=True
    )
    answer = operator.post(address(account, "change"), form(is_default="on"))
    account.refresh_from_db()
    assert account.is_default is (channel != "email")
    if channel == "email":
        assert set(faults(answer)) == {"is_default"}


def test_credentials_are_entered_and_stored_encrypted(operator: Client, account: ProviderAccount) -> None:
    data = form(enter_username="new-user", enter_password=" new secret ")
    assert operator.post(address(account, "change"), data).status_code == 302
    assert credentials(account) == {"username": "new-user", "password": " new secret "}
    with connection.cursor() as cursor:
        cursor.execute("SELECT provider_account::text FROM channels_provideraccount provider_account")
        row = cursor.fetchone()[0]
        cursor.execute("SELECT credentials FROM channels_provideraccount")
        token = bytes(cursor.fetchone()[0])
    assert "new secret" not in row
    assert token.startswith(b"gAAAAA")
    assert b"new" not in token


def test_credentials_never_leave(operator: Client, account: ProviderAccount) -> None:
    wrong = form(configuration={}, enter_password="typed-secret")
    operator.post(address(account, "change"), form(enter_password="relay-secret"))
    pages = [
        operator.get(address(account, "change")),
        operator.get(address(account, "history")),
        operator.get(address(ProviderAccount, "changelist")),
        operator.post(address(account, "change"), wrong),
    ]
    for answer in pages:
        assert answer.status_code == 200
        for secret in ("relay-user", "relay-secret", "typed-secret"):
            assert secret not in answer.content.decode()
    assert not any("relay-secret" in str(entry) for entry in LogEntry.objects.values())


def test_users_who_may_only_view_see_no_credentials(account: ProviderAccount) -> None:
    reader = User.objects.create_user("rita", is_staff=True)
    OrganizationMember.objects.create(organization=account.organization, user=reader, role="viewer")
    client = Client()
    client.force_login(reader)
    page = client.get(address(account, "change")).content.decode()
    assert "smtp.example.com" in page
    assert "redentials" not in page
    assert client.post(address(account, "change"), form(enter_password="x")).status_code == 403


def test_the_page_shows_which_credentials_are_set(operator: Client, account: ProviderAccount) -> None:
    account.credentials = {"username": "relay-user"}
    account.save()
    page = operator.get(address(account, "change")).content.decode()
    assert page.count("Set. Leave empty to keep the stored value.") == 1
    assert page.count("Not set.") == 1
    assert 'name="clear_username"' in page
    assert 'name="clear_password"' not in page


def test_an_empty_field_keeps_the_stored_value(operator: Client, account: ProviderAccount) -> None:
    operator.post(address(account, "change"), form(name="Renamed", enter_username="", enter_password="changed"))
    assert credentials(account) == {"username": "relay-user", "password": "changed"}
    assert ProviderAccount.objects.get().name == "Renamed"


def test_a_checkbox_clears_a_stored_value(operator: Client, account: ProviderAccount) -> None:
    operator.post(address(account, "change"), form(clear_password="on"))
    assert credentials(account) == {"username": "relay-user"}


@pytest.mark.parametrize("move", [{"host": "collector.example"}, {"port": 2525}, {"security": "tls"}])
def test_a_change_of_the_address_drops_the_stored_credentials(
    operator: Client, account: ProviderAccount, move: dict[str, Any]
) -> None:
    data = form(configuration=SMTP | move)
    answer = operator.post(address(account, "change"), data, follow=True)
    assert credentials(account) == {}
    assert "The address changed, so the stored credentials were cleared." in answer.content.decode()


@pytest.mark.parametrize("move", [{"host": "0x7f.1"}, {"host": "::1"}, {"security": "none"}])
def test_an_address_that_is_not_allowed_is_refused_at_once(
    operator: Client, account: ProviderAccount, settings: Settings, move: dict[str, Any]
) -> None:
    settings.ALLOWED_PROVIDER_HOSTS = []
    answer = operator.post(address(account, "change"), form(configuration=SMTP | move))
    [fault] = next(iter(faults(answer).values()))
    assert "ALLOWED_PROVIDER_HOSTS" in fault
    assert credentials(account)["password"] == "relay-secret"


def test_credentials_entered_with_a_new_address_are_kept(operator: Client, account: ProviderAccount) -> None:
    data = form(configuration=SMTP | {"host": "relay.example.com"}, enter_password="new")
    operator.post(address(account, "change"), data)
    assert credentials(account) == {"password": "new"}


def test_nothing_is_missing_after_all_credentials_were_entered_with_a_new_address(
    operator: Client, account: ProviderAccount
) -> None:
    data = form(configuration=SMTP | {"port": 465, "security": "tls"}, enter_username="u", enter_password="p")
    answer = operator.post(address(account, "change"), data, follow=True)
    assert credentials(account) == {"username": "u", "password": "p"}
    assert "credentials were cleared" not in answer.content.decode()


def test_other_changes_of_the_configuration_keep_the_credentials(operator: Client, account: ProviderAccount) -> None:
    data = form(configuration=SMTP | {"connections": 2})
    answer = operator.post(address(account, "change"), data, follow=True)
    assert credentials(account) == {"username": "relay-user", "password": "relay-secret"}
    assert "credentials were cleared" not in answer.content.decode()


def test_a_value_cannot_be_entered_and_cleared_at_once(operator: Client, account: ProviderAccount) -> None:
    answer = operator.post(address(account, "change"), form(enter_password="new", clear_password="on"))
    assert list(faults(answer)) == ["enter_password"]
    assert credentials(account)["password"] == "relay-secret"


def test_every_fault_is_named_at_its_field(operator: Client, account: ProviderAccount) -> None:
    wrong = {"port": 0, "security": "", "connections": 99}
    answer = operator.post(address(account, "change"), form(configuration=wrong, from_email=""))
    assert faults(answer) == {
        "from_email": ["E-mail needs a sender's address, for example surveys@example.com."],
        "setting_host": ["This field is required."],
        "setting_port": ["“port” is required: a number from 1 to 65535, for example 587."],
        "setting_security": ["This field is required."],
        "setting_connections": ["“connections” must be a whole number from 1 to 16."],
    }


def test_what_was_stored_and_is_no_setting_goes_with_the_next_save(operator: Client, account: ProviderAccount) -> None:
    ProviderAccount.objects.update(configuration=SMTP | {"colour": "red"})
    assert operator.post(address(account, "change"), form()).status_code == 302
    account.refresh_from_db()
    assert account.configuration == SMTP


def test_each_kind_has_a_form_of_its_own(operator: Client, organization: Organization) -> None:
    chooser = operator.get(address(ProviderAccount, "add")).content.decode()
    for kind, (channel, first) in {
        "smtp": ("email", "setting_host"),
        "sendgrid": ("email", "setting_baseUrl"),
        "anymail": ("email", "setting_esp"),
        "twilio": ("sms", "setting_from"),
        "sandbox": ("sms", "setting_failAddresses"),
    }.items():
        assert re.search(rf'href="\?kind={kind}">{provider_class(kind).label[:8]}', chooser)
        page = operator.get(f"{address(ProviderAccount, 'add')}?kind={kind}").content.decode()
        assert f'name="{first}"' in page
        assert f'<option value="{channel}"' in page
    assert 'href="?kind=smtp"' in operator.get(f"{address(ProviderAccount, 'add')}?kind=pigeon").content.decode()


def test_texts_by_name_are_written_line_by_line(operator: Client, organization: Organization) -> None:
    variables = "1 = ${contact:firstName|there}\n2=${link}?a=b"
    data = form(
        {"from": "+48601234567", "contentSid": "HX" + "a" * 32, "contentVariables": variables, "concurrency": ""},
        organization=organization.pk, kind="twilio", channel="whatsapp",
    )  # fmt: skip
    operator.post(address(ProviderAccount, "add"), data)
    account = ProviderAccount.objects.get()
    assert account.configuration == {
        "from": "+48601234567",
        "contentSid": "HX" + "a" * 32,
        "contentVariables": {"1": "${contact:firstName|there}", "2": "${link}?a=b"},
    }
    page = operator.get(address(account, "change")).content.decode()
    assert "1 = ${contact:firstName|there}\n2 = ${link}?a=b</textarea>" in page
    broken = data | {"setting_contentVariables": "1\n = x\n2 = a\n2 = b"}
    assert faults(operator.post(address(account, "change"), broken))["setting_contentVariables"] == [
        "Line 1: write “name = text”.",
        "Line 2: write “name = text”.",
        "Line 4: “2” is there twice.",
    ]


def test_credentials_can_be_entered_at_once(operator: Client, organization: Organization) -> None:
    data = form(organization=organization.pk, kind="smtp", channel="email", enter_username="u", enter_password="p")
    operator.post(address(ProviderAccount, "add"), data)
    assert ProviderAccount.objects.get().credentials == {"username": "u", "password": "p"}


def test_kind_and_channel_stay(operator: Client, account: ProviderAccount) -> None:
    operator.post(address(account, "change"), form(kind="sandbox", channel="sms"))
    account.refresh_from_db()
    assert (account.kind, account.channel) == ("smtp", "email")


def test_a_channel_that_the_kind_does_not_send_is_refused(operator: Client, organization: Organization) -> None:
    data = form(organization=organization.pk, kind="smtp", channel="sms")
    assert faults(operator.post(address(ProviderAccount, "add"), data)) == {
        "channel": ["Select a valid choice. sms is not one of the available choices."]
    }
    data["channel"] = ""
    assert "channel" in faults(operator.post(address(ProviderAccount, "add"), data))
