"""Recipient-add calls, lists to make them on, and the published example."""

import json
from collections.abc import Callable
from typing import Any

from django.test import Client

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.models import Contact, MailingList, Organization
from distributor.models import ConnectionStep, ListConnection, Survey

PATH, LOGIN = "/base/Recipient/Add", "/base/Account/Login"
LIST = "Patients"
INVALID_SESSION = "Invalid Session. Please ensure you Login first"
NO_LIST = "No such list found"
FAILED = "There was a problem adding the recipients. Please contact DIY Surveys Support"
SUCCESS = {"Status": "Success"}

# To the byte, as the reference prints it.
_EXAMPLE_RECIPIENT = """\
    {
      "Title": "sample string 1",
      "FirstName": "sample string 2",
      "LastName": "sample string 3",
      "MobileNumber": "sample string 4",
      "EmailAddress": "sample string 5",
      "User1": "sample string 6",
      "User2": "sample string 7",
      "User3": "sample string 8",
      "User4": "sample string 9",
      "User5": "sample string 10",
      "User6": "sample string 11",
      "User7": "sample string 12",
      "User8": "sample string 13",
      "User9": "sample string 14",
      "User10": "sample string 15",
      "When": "2020-02-04T16:23:43.6826425+00:00",
      "LookupTest": true
    }"""
EXAMPLE = f"""\
{{
  "ListName": "sample string 1",
  "RecipientList": [
{_EXAMPLE_RECIPIENT},
{_EXAMPLE_RECIPIENT}
  ],
  "Duplication": {{
    "Fields": "sample string 1",
    "Date": "sample string 2",
    "GenerateDate": true,
    "Limit": 4
  }},
  "LookupTest": true
}}"""

Add = Callable[..., Any]


def person(number: int = 1, **said: Any) -> dict[str, Any]:
    """A recipient of a body."""
    known = {
        "Title": "Ms",
        "FirstName": "Ann",
        "LastName": f"Ono {number}",
        "MobileNumber": f"+4860100{number:04}",
        "EmailAddress": f"ann{number}@example.com",
    }
    return {**known, **said}


def adding_by(client: Client) -> Add:
    """Add recipients to LIST, unless the further fields of the body name another; the response."""

    def add(*people: Any, headers: dict[str, str] | None = None, **fields: Any) -> Any:
        return post(client, {"ListName": LIST, "RecipientList": list(people), **fields}, headers=headers)

    return add


def post(client: Client, body: Any, path: str = PATH, headers: dict[str, str] | None = None) -> Any:
    """Make a call with a body, as JSON unless it is text already."""
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
    """Connect a list to a survey by these channels, in their order."""
    connection = ListConnection.objects.create(mailing_list=mailing_list, survey=survey, **fields)
    for priority, channel in enumerate(channels, start=1):
        ConnectionStep.objects.create(
            connection=connection, priority=priority, provider_account=accounts[channel], template=templates[channel]
        )
    return connection


def make_list(organization: Organization, name: str = LIST) -> MailingList:
    return MailingList.objects.create(organization=organization, name=name)


def members(mailing_list: MailingList) -> list[Contact]:
    """Who is on a list, the oldest contact first."""
    return list(Contact.objects.filter(memberships__mailing_list=mailing_list).order_by("pk"))


def problem_with(said: dict[str, Any], message: str) -> str:
    """The published report."""
    fields = ("Title", "FirstName", "LastName", "EmailAddress", "MobileNumber")
    told = " ".join(said.get(name, "") for name in fields)
    return f"There was a problem with the following recipient {told} {message}"
