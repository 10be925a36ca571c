"""Sign-in with an OpenID Connect provider, over HTTP."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django import Settings

from contacts.models import Organization
from tests.support.operators import member
from tests.support.standins.openid import CLIENT, SECRET, OpenIdStandIn
from tests.support.standins.server import Fault

pytestmark = pytest.mark.urls("tests.operators.oidc_urls")


@pytest.fixture
def provider(settings: Settings) -> Iterator[OpenIdStandIn]:
    with OpenIdStandIn().running() as provider:
        settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, "distributor.sign_in.oidc.OidcBackend"]
        settings.OIDC_RP_CLIENT_ID, settings.OIDC_RP_CLIENT_SECRET = CLIENT, SECRET
        settings.OIDC_OP_ISSUER = provider.url
        settings.OIDC_OP_AUTHORIZATION_ENDPOINT = f"{provider.url}/authorize"
        settings.OIDC_OP_TOKEN_ENDPOINT = f"{provider.url}/token"
        settings.OIDC_OP_USER_ENDPOINT = f"{provider.url}/userinfo"
        settings.OIDC_OP_JWKS_ENDPOINT = f"{provider.url}/jwks"
        settings.PUBLIC_BASE_URL = "https://surveys.example.com"
        yield provider


@pytest.fixture
def ann(organization: Organization) -> User:
    """A viewer of ACME without a password here."""
    user = member(organization, "viewer", "ann")
    user.email = "Ann@example.com"
    user.set_unusable_password()
    user.save()
    return user


def go_there(client: Client, next_page: str = "/admin/") -> str:
    """Sign in at the provider as a browser does. Return the path of the callback that it leads to."""
    start = client.get("/admin/oidc/start/", {"next": next_page}, headers={"host": "evil.example"})
    answer = requests.get(start.headers["Location"], allow_redirects=False, timeout=5)
    callback = answer.headers["Location"]
    assert callback.startswith("https://surveys.example.com/admin/oidc/callback/?")
    return callback.removeprefix("https://surveys.example.com")


def sign_in() -> Client:
    client = Client()
    client.get(go_there(client))
    return client


def is_in(client: Client) -> bool:
    return client.get("/admin/").status_code == 200


def test_a_member_signs_in_by_a_verified_address(provider: OpenIdStandIn, ann: User, settings: Settings) -> None:
    client = Client()
    assert "/admin/oidc/start/" in client.get("/admin/login/").content.decode()
    answer = client.get(go_there(client, "/admin/contacts/organization/"))
    assert answer.headers["Location"] == "/admin/contacts/organization/"
    assert "ACME" in client.get(answer.headers["Location"]).content.decode()
    ann.user_permissions.set(Permission.objects.filter(codename="view_user"))  # stored permissions count for nothing
    assert client.get("/admin/auth/user/").status_code == 403


@pytest.mark.parametrize(
    "claims",
    [
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": None},
        {"email": ""},
        {"email": None},
        {"email": "stranger@example.com"},
        {"sub": "2"},
        {"sub": None},
    ],
)
def test_others_do_not_and_nobody_is_made(provider: OpenIdStandIn, ann: User, claims: dict[str, object]) -> None:
    count = User.objects.count()
    provider.userinfo_changes = claims
    assert not is_in(sign_in())
    assert User.objects.count() == count


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://other.example"},
        {"aud": "another client"},
        {"aud": ["another client", CLIENT]},
        {"aud": None},
        {"exp": 1},
        {"exp": None},
        {"nonce": "made up"},
        {"nonce": None},
    ],
)
def test_tokens_for_others_are_refused(provider: OpenIdStandIn, ann: User, changes: dict[str, object]) -> None:
    provider.token_changes = changes
    assert not is_in(sign_in())


def test_a_token_of_another_key_is_refused(provider: OpenIdStandIn, ann: User) -> None:
    provider.signing_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert not is_in(sign_in())


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.RESET_AFTER])
def test_a_provider_in_trouble_breaks_nothing(provider: OpenIdStandIn, ann: User, fault: Fault) -> None:
    client = Client()
    callback = go_there(client)
    provider.next_faults.append(fault)
    assert client.get(callback).headers["Location"] == "/admin/login/"
    assert "could not be signed in" in client.get("/admin/login/").content.decode()


def test_a_callback_is_for_the_browser_that_asked_and_works_once(provider: OpenIdStandIn, ann: User) -> None:
    client, victim = Client(), Client()
    callback = go_there(client)
    victim.get(callback)
    assert not is_in(victim)
    client.get(callback)
    assert is_in(client)
    replayed = Client()
    replayed.cookies = client.cookies
    assert replayed.get(callback).status_code == 400


def test_a_password_login_with_a_code_in_its_address_is_no_sign_in(provider: OpenIdStandIn, ann: User) -> None:
    client, attacker = Client(), Client()
    provider.token_changes = {"nonce": None}
    code = parse_qs(urlsplit(go_there(attacker)).query)["code"][0]
    client.post(f"/admin/login/?code={code}&state=x", {"username": "ann", "password": "x"})
    assert not is_in(client)


def test_two_users_of_an_address_are_nobody(provider: OpenIdStandIn, ann: User) -> None:
    User.objects.create_user("ann2", email="ann@example.com", is_staff=True)
    assert not is_in(sign_in())


def test_a_user_who_is_off_stays_out(provider: OpenIdStandIn, ann: User) -> None:
    User.objects.filter(pk=ann.pk).update(is_active=False)
    assert not is_in(sign_in())
