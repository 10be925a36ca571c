"""What each role of an organisation's member permits: the only place that says so."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    VIEWER = "viewer"
    OPERATOR = "operator"
    MANAGER = "manager"


def _permissions(deeds: str, *models: str) -> frozenset[str]:
    """Return permissions in Django's form: "add" and "contacts.contact" give "contacts.add_contact"."""
    named = (model.split(".") for model in models)
    return frozenset(f"{app}.{deed}_{model}" for app, model in named for deed in deeds.split())


_VIEWER = _permissions(
    "view",
    "contacts.apikey",
    "contacts.consentevent",
    "contacts.contact",
    "contacts.mailinglist",
    "contacts.organization",
    "contacts.organizationmember",
    "contacts.suppression",
    "channels.provideraccount",
    "channels.sandboxmessage",
    "channels.template",
    "distributor.distribution",
    "distributor.eventdelivery",
    "distributor.eventendpoint",
    "distributor.listconnection",
    "distributor.recipient",
    "distributor.recurringdistribution",
    "distributor.reply",
    "distributor.response",
    "distributor.survey",
)
_OPERATOR = (
    _VIEWER
    | _permissions("control", "distributor.distribution")  # pause, resume, cancel, send again
    | _permissions(
        "add change delete",
        "contacts.contact",
        "contacts.mailinglist",
        "contacts.suppression",
        "channels.template",
        "distributor.listconnection",
        "distributor.recurringdistribution",
        "distributor.survey",
    )
    | _permissions("add view delete", "distributor.export")  # of rows that they may see
)
_MANAGER = (
    _OPERATOR
    | _permissions("change", "contacts.organization")
    | _permissions("view", "distributor.auditentry")
    | _permissions("add change delete", "contacts.apikey", "contacts.organizationmember", "channels.provideraccount")
    | _permissions("add change delete", "distributor.eventendpoint")
)

# What nobody is permitted here, such as adding an organisation, is for superusers only.
PERMISSIONS: Final[Mapping[Role, frozenset[str]]] = {
    Role.VIEWER: _VIEWER,
    Role.OPERATOR: _OPERATOR,
    Role.MANAGER: _MANAGER,
}
