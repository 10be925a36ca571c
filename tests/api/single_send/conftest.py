import pytest
from django.test import Client

from tests.support.api.single_send import Send, send_by


@pytest.fixture
def send(client: Client, defaults: None) -> Send:
    """Make a single-send call for an organisation that has default accounts and templates."""
    return send_by(client)
