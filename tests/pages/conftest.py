import pytest
from django.test import Client


@pytest.fixture
def visitor() -> Client:
    """Somebody who follows a link: no key, no cookie, and Django's CSRF check is not switched off as it is in tests."""
    return Client(enforce_csrf_checks=True)
