"""The pages that make a send, filled in as a browser without script does."""

import re
from html import unescape
from typing import Any

from django.test import Client

from distributor.models import Survey

SEND = "/admin/send/"
RULES = {"respect_frequency_rules": "on", "link_type": "one_time"}


class Wizard:
    """Fills in the pages as a browser without script does: each answer's hidden fields go with the next post."""

    def __init__(self, client: Client, **query: Any) -> None:
        self.client = client
        self.answer = client.get(SEND, query)

    @property
    def page(self) -> str:
        """The page with line breaks and entities as a reader sees them."""
        return unescape(self.answer.content.decode())

    @property
    def name(self) -> str:
        found = re.search(r'name="page" value="(\w+)"', self.page)
        return found[1] if found else ""

    @property
    def hidden(self) -> dict[str, str]:
        found = re.search(r'name="draft" value="([^"]+)"', self.page)
        assert found
        return {"draft": found[1], "page": self.name}

    def go(self, go: str = "next", **fields: Any) -> "Wizard":
        self.answer = self.client.post(SEND, {**self.hidden, "go": go, **fields})
        return self


def to_check(
    client: Client, survey: Survey, steps: dict[str, Any], audience: dict[str, Any], when: dict[str, Any] | None = None
) -> Wizard:
    """Fill in everything up to the last page."""
    wizard = Wizard(client).go(survey=survey.pk, name="March")
    wizard.go(**audience).go(**steps).go(**(when or {"when": "now"})).go(**RULES)
    return wizard
