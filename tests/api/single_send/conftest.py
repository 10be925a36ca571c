import pytest
from django.test import Client

from tests.support.api.single_send import Send, make_send


@pytest.fixture
def send(client: Client, defaults: None) -> Send:
    """Make a single-send call for an organisation that has default accounts and templates."""
    return make_send(client)
