import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from contacts.models import Organization


@pytest.fixture
def post_it(client: Client) -> Callable[[Any], Any]:
    """POST a body to /api/v1/distributions."""
    return lambda body: client.post("/api/v1/distributions", json.dumps(body), content_type="application/json")


@pytest.fixture
def allowed_host(organization: Organization) -> None:
    """Surveys of ACME may be at survey.example.com."""
    organization.allowed_redirect_hosts = ["survey.example.com"]
    organization.save()
