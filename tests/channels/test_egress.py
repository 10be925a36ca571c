"""Which servers the connections of accounts may reach."""

import socket
from collections.abc import Callable, Generator, Mapping
from ipaddress import ip_address
from typing import Any
from uuid import UUID

import pytest
from pytest_django import Settings

from channels.lookup import LookUpError, look_up_number
from channels.parallel_lookups import look_up_numbers
from channels.providers import egress
from channels.providers.base import Account, Outcome, Provider, Scope
from channels.providers.egress import AddressRefusedError, address_fault, is_public, open_socket
from channels.providers.http_connections import NotAllowedError, open_pool
from channels.providers.registry import provider_class
from contacts.channel import Channel
from tests.support.channels.invitations import EMAIL, SMS, invitation
from tests.support.channels.mail_server import MailServer
from tests.support.standins.server import Answer, Request
from tests.support.standins.twilio import ACCOUNT_SID, AUTH_TOKEN, TwilioStandIn

NAME = "provider.example"
CLOSED = [
    *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
    *("100.100.100.200", "168.63.129.16", "192.0.0.192", "192.0.2.1", "198.18.0.1", "203.0.113.5", "224.0.0.1"),
    *("239.1.1.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1"),
    *("fec0::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "2002:7f00:1::"),
    *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2001::1", "2001:db8::1", "3fff::1", "5f00::1"),
]
OPEN = ["1.1.1.1", "54.172.60.0", "2606:4700::1111", "2001:4860:4860::8888", "::ffff:1.1.1.1", "64:ff9b::101:101"]
SPELLINGS = [
    *("127.0.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "0", "localhost", "LOCALHOST."),
    *("app.localhost", "[::1]", "::1", "[::ffff:127.0.0.1]", "::ffff:7f00:1", "fe80::1%eth0", "169.254.169.254."),
]

Resolve = Callable[..., list[str]]


@pytest.fixture(autouse=True)
def nothing_is_listed(settings: Settings) -> None:
    settings.ALLOWED_PROVIDER_HOSTS = []


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> Resolve:
    """Make NAME resolve to the next of these addresses each time; return the list of addresses that are left."""
    resolver = socket.getaddrinfo

    def set_addresses(*addresses: str) -> list[str]:
        left = list(addresses)

        def answer(host: str, *arguments: Any, **options: Any) -> Any:
            return resolver(left.pop(0) if host == NAME else host, *arguments, **options)

        monkeypatch.setattr(socket, "getaddrinfo", answer)
        return left

    return set_addresses


class RecordingStandIn(TwilioStandIn):
    """Remembers the Host headers of its requests."""

    hosts: tuple[str, ...] = ()

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def take(self, request: Request) -> Answer:
        self.hosts += (request.headers["host"],)
        return super().take(request)


@pytest.fixture
def twilio() -> Generator[RecordingStandIn]:
    with RecordingStandIn().running() as peer:
        yield peer


def account(channel: Channel, configuration: Mapping[str, object], credentials: Mapping[str, str]) -> Account:
    return Account(UUID(int=1), UUID(int=2), channel, configuration, credentials)


def opened(kind: str, base_url: str, port: int) -> Provider:
    """An account of each kind that leads to NAME."""
    to_relay = {"host": NAME, "port": port, "security": "starttls"}
    twilio = {"from": "+15005550006", "baseUrl": base_url}
    made = {
        "twilio": account(Channel.SMS, twilio, {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN}),
        "sendgrid": account(Channel.EMAIL, {"baseUrl": base_url}, {"api_key": "SG.x"}),
        "anymail": account(Channel.EMAIL, {"esp": "postmark", "baseUrl": base_url}, {"api_key": "x"}),
        "smtp": account(Channel.EMAIL, to_relay, {"username": "acme", "password": "secret"}),
    }
    return provider_class(kind)(made[kind])


@pytest.mark.parametrize("address", CLOSED)
def test_an_address_that_is_not_of_the_open_internet_is_closed(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", OPEN)
def test_an_address_of_the_open_internet_is_open(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("host", SPELLINGS)
def test_a_spelled_out_address_is_recognised_however_it_is_written(host: str) -> None:
    assert "private or reserved" in (address_fault(host, 443, is_encrypted=True) or "")


@pytest.mark.parametrize("host", ["api.twilio.com", "1.1.1.1", "[2606:4700::1111]", "7f.example", "localhost.example"])
def test_other_hosts_need_encryption_only(host: str) -> None:
    assert address_fault(host, 443, is_encrypted=True) is None
    assert "must be encrypted" in (address_fault(host, 80, is_encrypted=False) or "")


@pytest.mark.parametrize(
    ("listed", "is_allowed"),
    [
        (["*"], True),
        (["127.0.0.1"], True),
        (["relay.internal", " 127.0.0.1:8080 "], True),
        (["127.0.0.1:8081"], False),
        (["127.0.0.10"], False),
        ([""], False),
        ([], False),
    ],
)
def test_the_operator_lists_hosts_with_or_without_a_port(
    settings: Settings, listed: list[str], is_allowed: bool
) -> None:
    settings.ALLOWED_PROVIDER_HOSTS = listed
    assert (address_fault("127.0.0.1", 8080, is_encrypted=False) is None) is is_allowed


def test_a_listed_ipv6_address_has_brackets_before_its_port(settings: Settings) -> None:
    settings.ALLOWED_PROVIDER_HOSTS = ["[::1]:25", "Relay.Internal"]
    for host in ("::1", "[::1]", "relay.internal.", "RELAY.internal"):
        assert address_fault(host, 25, is_encrypted=False) is None
    assert address_fault("::1", 26, is_encrypted=False) is not None


@pytest.mark.parametrize("kind", ["twilio", "sendgrid", "anymail", "smtp"])
def test_a_name_that_leads_to_a_private_address_is_the_accounts_fault(
    kind: str, resolve: Resolve, twilio: RecordingStandIn
) -> None:
    left = resolve("127.0.0.1", "127.0.0.1")
    to, variant = ("+48600000001", SMS) if kind == "twilio" else ("ann@example.com", EMAIL)
    provider = opened(kind, f"https://{NAME}:{twilio.port}", twilio.port)
    assert provider.account_faults() == []
    results = provider.send_batch([invitation(to, number=number, variant=variant) for number in (1, 2)])
    provider.close()
    assert {(result.outcome, result.scope) for result in results} == {(Outcome.PERMANENT, Scope.ACCOUNT)}
    assert f"“{NAME}” is or leads to a private or reserved address" in results[0].detail
    assert "127.0.0.1" not in results[0].detail
    assert len(left) < 2
    assert twilio.connections == 0


def test_lookups_do_not_leave_for_a_private_address(resolve: Resolve, twilio: RecordingStandIn) -> None:
    resolve("127.0.0.1", "127.0.0.1")
    elsewhere = {"from": "+15005550006", "lookupsBaseUrl": f"https://{NAME}:{twilio.port}"}
    asked = account(Channel.SMS, elsewhere, {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN})
    with pytest.raises(LookUpError, match="private or reserved"):
        look_up_number(asked, "+48600000001")
    assert look_up_numbers(asked, ["+48600000001"]) == {}
    assert twilio.connections == 0


def test_the_socket_goes_to_the_address_that_was_checked(
    resolve: Resolve, twilio: RecordingStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name is resolved once: a second answer, here one where nothing listens, is never asked for."""
    left = resolve("127.0.0.1", "203.0.113.9")
    monkeypatch.setattr(egress, "is_public", lambda address: str(address) == "127.0.0.1")
    with open_socket(NAME, twilio.port, 5.0, is_encrypted=True) as connected:
        assert connected.getpeername() == ("127.0.0.1", twilio.port)
    assert left == ["203.0.113.9"]


def test_closed_addresses_among_open_ones_are_left_out(
    monkeypatch: pytest.MonkeyPatch, twilio: RecordingStandIn
) -> None:
    kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
    found = [(*kind, ("10.0.0.1", 443)), (*kind, ("127.0.0.1", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    tried: list[str] = []

    def connect(to: tuple[str, int], _timeout: float) -> socket.socket:
        tried.append(to[0])
        return socket.socket()

    monkeypatch.setattr(egress, "is_public", lambda address: str(address) == "127.0.0.1")
    monkeypatch.setattr(socket, "create_connection", connect)
    open_socket(NAME, 443, 5.0, is_encrypted=True).close()
    assert tried == ["127.0.0.1"]


def test_a_name_with_many_silent_addresses_takes_no_longer_than_one_with_a_few(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"1.1.1.{number}", 443)) for number in range(200)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    moment = 0.0

    def connect(_to: tuple[str, int], seconds: float) -> socket.socket:
        nonlocal moment
        moment += seconds
        raise TimeoutError("timed out")

    monkeypatch.setattr(egress, "monotonic", lambda: moment)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(TimeoutError):
        open_socket(NAME, 443, 5.0, is_encrypted=True)
    assert moment == 10.0


def test_the_host_header_names_the_host_and_not_its_address(
    resolve: Resolve, twilio: RecordingStandIn, settings: Settings
) -> None:
    settings.ALLOWED_PROVIDER_HOSTS = [f"{NAME}:{twilio.port}"]
    resolve("127.0.0.1")
    open_pool(1).request("POST", f"http://{NAME}:{twilio.port}/", retries=False)
    assert twilio.hosts == (f"{NAME}:{twilio.port}",)


def test_nothing_is_sent_unencrypted_to_a_host_that_is_not_listed(twilio: RecordingStandIn) -> None:
    with pytest.raises(NotAllowedError, match="must be encrypted"):
        open_pool(1).request("POST", f"http://1.1.1.1:{twilio.port}/", retries=False)
    with pytest.raises(AddressRefusedError, match="must be encrypted"):
        open_socket("1.1.1.1", 25, 1.0, is_encrypted=False)


def test_a_host_that_is_no_name_is_refused() -> None:
    with pytest.raises(AddressRefusedError, match="not a valid host name"):
        open_socket("a..b", 443, 1.0, is_encrypted=True)


def test_an_account_saved_before_the_rule_is_faulty_and_connects_to_nothing() -> None:
    with MailServer().running() as server:
        relay = {"host": "127.0.0.1", "port": server.port, "security": "none"}
        provider = provider_class("smtp")(account(Channel.EMAIL, relay, {}))
        [fault] = provider.account_faults()
        [result] = provider.send_batch([invitation("ann@example.com", number=1)])
    assert (result.outcome, result.scope, result.detail) == (Outcome.PERMANENT, Scope.ACCOUNT, fault)
    assert server.connections == 0
