"""The key that makes a repeated `distributor send` the same send (docs/decisions/0051)."""

import hashlib
from typing import Final
from uuid import UUID

import orjson

from contacts.models import Organization
from distributor.rules.requests import DistributionRequest

_VERSION: Final = "distributor send 1"


def send_key(organization: Organization, content: bytes, request: DistributionRequest, name: str) -> UUID:
    """Return the key of an audience's content and everything that decides what is sent to it.

    `name` is the one that was given, or "": the survey's, which the request has then, may change between two calls.
    """
    steps = [[step.channel, str(step.provider_account_id), str(step.template_id)] for step in request.steps]
    at = request.scheduled_at.timestamp() if request.scheduled_at else None
    parts = [_VERSION, str(organization.pk), str(request.survey_id), steps, at, name]
    digest = hashlib.sha256(orjson.dumps(parts) + b"\0" + content).digest()
    return UUID(bytes=digest[:16], version=5)
