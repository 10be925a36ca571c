"""Changes to request bodies, and the errors in answers."""

import copy
from typing import Any

from contacts.models import Contact, MailingList
from distributor.models import Batch, Decision, Distribution, Recipient, Step

NOT_GIVEN = object()


def changed(body: dict[str, Any], pointer: str, value: Any) -> dict[str, Any]:
    """Copy the body with another value at a JSON pointer; NOT_GIVEN removes the field."""
    result = copy.deepcopy(body)
    *parents, last = (int(part) if part.isdigit() else part for part in pointer.strip("/").split("/"))
    place: Any = result
    for part in parents:
        place = place.setdefault(part, {}) if isinstance(place, dict) else place[part]
    if value is NOT_GIVEN:
        del place[last]
    else:
        place[last] = value
    return result


def people(count: int) -> list[dict[str, str]]:
    """Contacts of a body, each with its own external ID and e-mail address."""
    return [{"externalId": f"PAT-{number}", "email": f"p{number}@example.com"} for number in range(count)]


def faults_in(response: Any) -> list[tuple[str, str]]:
    """Pointer and code of each error in a problem document."""
    assert response["Content-Type"] == "application/problem+json", response.content
    return [(error["pointer"], error["code"]) for error in response.json()["errors"]]


def rows_written() -> dict[str, int]:
    """Numbers of rows in the tables that a quick send writes."""
    models = (Contact, MailingList, Distribution, Step, Batch, Recipient, Decision)
    return {model.__name__: model.objects.count() for model in models}


NOTHING = dict.fromkeys(("Contact", "MailingList", "Distribution", "Step", "Batch", "Recipient", "Decision"), 0)
