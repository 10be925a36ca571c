import pytest
from django.test import Client


@pytest.fixture
def visitor() -> Client:
    """A person who opens a link and presses its button in a browser, which says so with Sec-Fetch-User.

    Without API key or cookies, and with Django's CSRF check enabled.
    """
    return Client(enforce_csrf_checks=True, headers={"Sec-Fetch-User": "?1"})
