"""An organisation with a survey, accounts and templates, which most tests need."""

import gc
from collections.abc import Iterator
from importlib import import_module

import pytest
from django.conf import settings
from django.test import Client
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from channels.models import ProviderAccount, Template
from contacts.api_keys import create_api_key
from contacts.channel import Channel
from contacts.models import Organization
from contacts.models.api_key import Scope
from distributor.models import Survey
from tests.support.acme import make_accounts, make_organization, make_templates
from tests.support.browser import browser, page
from tests.support.compiling import pytest_collection
from tests.support.error_codes import every_code_is_in_the_catalogue
from tests.support.fast_flush import flush_by_deleting

__all__ = ["browser", "every_code_is_in_the_catalogue", "page", "pytest_collection"]

# How fast inputs are made up depends on the machine, so it fails no test. `make test` tries the same inputs each time,
# so that one commit has one verdict; `--hypothesis-profile=explore` tries others, as `make conform` does.
for profile, is_repeatable in (("repeatable", True), ("explore", False)):
    hypothesis_settings.register_profile(
        profile, suppress_health_check=[HealthCheck.too_slow], deadline=None, derandomize=is_repeatable, database=None
    )
hypothesis_settings.load_profile("repeatable")

# Started first, so that no test process is left alone with half a minute of work when the other has finished.
SLOWEST = (
    *("tests/chaos/", "tests/stack/", "test_troubled_provider", "test_worker_killed", "test_month"),
    *(
        "test_accessibility",
        "test_tour",
        "test_walk",
        "test_every_point",
        "tests/typescript/",
        "test_client_server_killed",
    ),
)


def pytest_collection_finish() -> None:
    """Leave out of later collections what importing made. Collections took 4 to 11 % of the tests' processor time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not any(part in item.nodeid for part in SLOWEST))


@pytest.fixture(scope="session", autouse=True)
def views_are_imported() -> None:
    """As in the web process before its first request: pages bring what listens to logins."""
    import_module(settings.ROOT_URLCONF)


@pytest.fixture(scope="session", autouse=True)
def static_files_are_found_when_asked() -> None:
    """Otherwise each test client lists the admin's 174 static files first: 70 ms, a third of an API test."""
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(scope="session", autouse=True)
def passwords_are_hashed_fast() -> None:
    """A production password takes long to hash, on purpose."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session", autouse=True)
def tests_that_commit_end_with_a_fast_flush() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        flush_by_deleting(patch)
        yield


@pytest.fixture
def organization(db: None) -> Organization:
    return make_organization()


@pytest.fixture
def api_key(organization: Organization) -> str:
    """ACME's key, with every scope."""
    return create_api_key(organization, "tests", list(Scope))[1]


@pytest.fixture
def client(api_key: str) -> Client:
    """A backend that uses ACME's key."""
    return Client(headers={"x-api-key": api_key})


@pytest.fixture
def survey(organization: Organization) -> Survey:
    return Survey.objects.create(organization=organization, name="Your stay")


@pytest.fixture
def accounts(organization: Organization) -> dict[Channel, ProviderAccount]:
    """A sandbox account for each channel."""
    return make_accounts(organization)


@pytest.fixture
def templates(organization: Organization) -> dict[Channel, Template]:
    """An invitation for each channel, in English and Polish."""
    return make_templates(organization)
