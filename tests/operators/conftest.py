"""Two organisations full of rows, with members of every role."""

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from tests.support.operators import Tenant, make_tenant, member


@pytest.fixture(autouse=True)
def closed_sandbox(settings: Settings) -> None:
    settings.SANDBOX_OPEN = False


@pytest.fixture
def alder(db: None) -> Tenant:
    return make_tenant("alder", "+48601000001")


@pytest.fixture
def birch(db: None) -> Tenant:
    return make_tenant("birch", "+48601000002")


@pytest.fixture
def manager(alder: Tenant) -> User:
    """The manager of alder."""
    return member(alder, "manager", "mona")


@pytest.fixture
def superuser(db: None) -> User:
    return User.objects.create_superuser("olga", password="olga")
