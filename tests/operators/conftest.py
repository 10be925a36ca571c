"""Two organisations full of rows, with members of every role.

They are made once for a module: that took most of the time of a test. What a test writes is undone.
"""

from collections.abc import Iterator
from copy import deepcopy

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from pytest_django import DjangoDbBlocker, Settings

from tests.support.operators import Tenant, make_tenant, member


@pytest.fixture(autouse=True)
def closed_sandbox(settings: Settings) -> None:
    settings.SANDBOX_OPEN = False


@pytest.fixture(scope="module")
def whole(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A transaction around all tests of the module, so none of them can commit. Each has one of its own within it."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def made_alder(whole: None) -> Tenant:
    return make_tenant("alder", "+48601000001")


@pytest.fixture(scope="module")
def made_birch(whole: None) -> Tenant:
    return make_tenant("birch", "+48601000002")


@pytest.fixture
def alder(made_alder: Tenant, db: None) -> Tenant:
    """A copy, because tests read rows anew."""
    return deepcopy(made_alder)


@pytest.fixture
def birch(made_birch: Tenant, db: None) -> Tenant:
    return deepcopy(made_birch)


@pytest.fixture
def manager(alder: Tenant) -> User:
    """The manager of alder."""
    return member(alder, "manager", "mona")


@pytest.fixture
def superuser(db: None) -> User:
    return User.objects.create_superuser("olga", password="olga")
