"""Calls of the recipient-add dialect, mailing lists for them, and the published example."""

import json
from collections.abc import Callable
from typing import Any

from django.test import Client

from channels.models import ProviderAccount, SandboxMessage, Template
from contacts.channel import Channel
from contacts.models import Contact, MailingList, Organization
from distributor.models import ConnectionStep, ListConnection, Survey
from tests.conformance.published import published

PATH, LOGIN = "/base/Recipient/Add", "/base/Account/Login"
LIST = "Patients"
INVALID_SESSION = "Invalid Session. Please ensure you Login first"
NO_LIST = "No such list found"
FAILED = "There was a problem adding the recipients. Please contact DIY Surveys Support"
SUCCESS = {"Status": "Success"}

EXAMPLE = published("recipient_add_request")

Add = Callable[..., Any]


def person(number: int = 1, **fields: Any) -> dict[str, Any]:
    """A recipient for the body of a call."""
    known = {
        "Title": "Ms",
        "FirstName": "Ann",
        "LastName": f"Ono {number}",
        "MobileNumber": f"+4860100{number:04}",
        "EmailAddress": f"ann{number}@example.com",
    }
    return {**known, **fields}


def make_add(client: Client) -> Add:
    """Return a function that adds recipients to LIST, or to the list in the given fields, and returns the response."""

    def add(*people: Any, headers: dict[str, str] | None = None, **fields: Any) -> Any:
        return post(client, {"ListName": LIST, "RecipientList": list(people), **fields}, headers=headers)

    return add


def post(client: Client, body: Any, path: str = PATH, headers: dict[str, str] | None = None) -> Any:
    """POST a body. A body that is not text is sent as JSON."""
    text = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return client.post(path, text, content_type="application/json", headers=headers or {})


def connect(
    mailing_list: MailingList,
    survey: Survey,
    accounts: dict[Channel, ProviderAccount],
    templates: dict[Channel, Template],
    *channels: Channel,
    **fields: Any,
) -> ListConnection:
    """Connect a list to a survey by these channels, in this order."""
    connection = ListConnection.objects.create(mailing_list=mailing_list, survey=survey, **fields)
    for priority, channel in enumerate(channels, start=1):
        ConnectionStep.objects.create(
            connection=connection, priority=priority, provider_account=accounts[channel], template=templates[channel]
        )
    return connection


def make_list(organization: Organization, name: str = LIST) -> MailingList:
    return MailingList.objects.create(organization=organization, name=name)


def members(mailing_list: MailingList) -> list[Contact]:
    """Return the contacts on a list, the oldest first."""
    return list(Contact.objects.filter(memberships__mailing_list=mailing_list).order_by("pk"))


def problem_with(recipient: dict[str, Any], message: str) -> str:
    """The published report about a recipient."""
    fields = ("Title", "FirstName", "LastName", "EmailAddress", "MobileNumber")
    values = " ".join(recipient.get(name, "") for name in fields)
    return f"There was a problem with the following recipient {values} {message}"


def sent_to() -> set[str]:
    """The addresses and numbers that the sandbox received messages for."""
    return set(SandboxMessage.objects.values_list("to", flat=True))
