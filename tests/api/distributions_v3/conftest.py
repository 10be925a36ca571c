"""Paths of mailing lists."""

import pytest
from django.test import Client

from contacts.models import Organization
from tests.support.api.lists_and_links import call, lists_path, result_of


@pytest.fixture
def path(organization: Organization) -> str:
    return lists_path(organization)


@pytest.fixture
def made(client: Client, path: str) -> str:
    """The path of a new list."""
    return f"{path}/{result_of(call(client, 'POST', path, {'name': 'Ward B'}))['id']}"
