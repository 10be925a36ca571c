import pytest
from django.test import Client


@pytest.fixture
def visitor() -> Client:
    """A person who opens a link: without API key or cookies, and with Django's CSRF check enabled."""
    return Client(enforce_csrf_checks=True)
