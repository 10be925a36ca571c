"""What a subscription is sent: a form, signed by its shared key if it has one.

The published documents do not say how the key signs. We send HMAC-SHA-512 of the text of `MSG` in hexadecimal, which
has the 128 digits that published recordings show.
"""

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha512
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

import orjson

from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.dialects.distributions_v3.subscriptions.topics import COMPLETED
from distributor.engine.events.formats import Request
from distributor.engine.events.messages import Message
from distributor.models import EventEndpoint
from distributor.rules.event_types import EventType

TYPES: Final = (EventType.RESPONDED.value,)
_FORM: Final = {"content-type": "application/x-www-form-urlencoded"}


def write(endpoint: EventEndpoint, message: Message, now: datetime) -> Request:
    """Write the request of one response, or of a ping, which has no response."""
    brand = endpoint.organization.slug
    fields = {"Status": "Ping", "BrandID": brand}
    topic = f"{brand}.ping"
    for event in message.events:
        fields = _response(event.data, event.occurred_at) | {"BrandID": brand}
        topic = f"{brand}.{COMPLETED}.{fields['SurveyID']}"
    if key := endpoint.secrets.get("current"):
        text = orjson.dumps(fields).decode()
        digest = hmac.digest(key.encode(), text.encode(), sha512).hex()
        fields = {"HMAC": digest, "MSG": text}
    return Request(urlencode({**fields, "Topic": topic}).encode(), dict(_FORM))


def _response(data: Mapping[str, Any], occurred_at: datetime) -> dict[str, str]:
    return {
        "Status": "Complete",
        # The recipient may be deleted by now.
        "SurveyID": public_id(Kind.SURVEY, data["surveyId"]) if "surveyId" in data else "",
        "ResponseID": public_id(Kind.RESPONSE, UUID(str(data["responseId"]))),
        "CompletedDate": occurred_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),
    }
