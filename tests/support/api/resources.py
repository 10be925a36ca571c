"""The native resources, each with a body that sets every field."""

import json
from typing import Any

from django.test import Client

BASE = "/api/v1"
BODIES: dict[str, dict[str, Any]] = {
    "surveys": {
        "name": "Your stay",
        "defaultLocale": "pl",
        "targetUrl": "https://survey.example.com/s/1?a=b",
        "question": "How was it?",
        "throttleMinutes": 60,
        "thankYouMessage": "Thank you.\nSee you.",
        "thankYouLinkText": "Home",
        "thankYouLinkUrl": "https://example.com/",
    },
    "contacts": {
        "externalId": "PAT-1",
        "email": "Ann@Example.com",
        "phone": "600 000 001",
        "firstName": "Ann",
        "lastName": "Ono",
        "title": "Dr",
        "locale": "pl-PL",
        "timeZone": "Europe/Warsaw",
        "embeddedData": {"ward": "B", "visits": [1, 2.5, None, True]},
    },
    "lists": {"name": "Ward B"},
    "templates": {
        "name": "Invitation",
        "channel": "email",
        "variants": {
            "en": {
                "subject": "${survey:name}",
                "html": '<a href="${link}">Hello ${contact:firstName|you}</a>',
                "text": "${link} ${unsubscribe}",
            },
            "zh-CN": {"subject": "调查", "html": None, "text": "${link}"},
        },
    },
    "providers": {
        "name": "Our mail server",
        "kind": "smtp",
        "channel": "email",
        "fromEmail": "surveys@acme.example",
        "fromName": "ACME",
        "replyToEmail": "desk@acme.example",
        "configuration": {"host": "mail.acme.example", "port": 587, "security": "starttls"},
        "credentials": {"username": "acme", "password": "secret-of-acme"},
        "isActive": True,
        "ratePerSecond": 2.5,
        "dailyLimit": 1_000,
        "urgentReservePercent": 20,
        "unitPrice": "0.0345",
        "priceCurrency": "EUR",
        "standInId": None,
    },
    "suppressions": {
        "channel": "email",
        "address": "Ann@Example.com",
        "reason": "manual",
        "source": "a letter",
    },
}
PATCHED = ("surveys", "contacts", "lists", "templates", "providers")


def another(resource: str, number: int) -> dict[str, Any]:
    """A minimal body; each number makes a different row."""
    bodies: dict[str, dict[str, Any]] = {
        "surveys": {"name": f"Number {number}"},
        "contacts": {"externalId": f"PAT-{number}"},
        "lists": {"name": f"Number {number}"},
        "templates": {"name": f"Number {number}", "channel": "sms", "variants": {"en": {"text": "${link}"}}},
        "providers": {"name": f"Number {number}", "kind": "sandbox", "channel": "sms"},
        "suppressions": {"channel": "email", "address": f"p{number}@example.com"},
    }
    return bodies[resource]


def post(client: Client, path: str, body: Any = None) -> Any:
    return client.post(f"{BASE}/{path}", json.dumps(body), content_type="application/json")


def patch(client: Client, path: str, body: Any) -> Any:
    return client.patch(f"{BASE}/{path}", json.dumps(body), content_type="application/json")


def make(client: Client, resource: str, **changes: Any) -> dict[str, Any]:
    """Create a row and return the answer."""
    response = post(client, resource, {**BODIES[resource], **changes})
    assert response.status_code == 201, response.content
    answer: dict[str, Any] = response.json()
    return answer
