"""Ids that generated calls may name before there is anything: stand-ins, which the real ids replace at the call."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from contacts.channel import Channel
from distributor.api.dialects.distributions_v3.ids import Kind, numbered_id


def _stand_in(number: int) -> str:
    return str(UUID(int=number, version=4))


SURVEY, UNUSED_SURVEY, PROVIDER, UNUSED_PROVIDER, TEMPLATE, UNUSED_TEMPLATE = map(_stand_in, range(1, 7))
CONTACT, LIST, SUPPRESSION, DISTRIBUTION, CODE, KEY = map(_stand_in, range(7, 13))
EXPORT, IMPORT, DRY_RUN, EVENT_ENDPOINT, EVENT_DELIVERY, RESPONSE = map(_stand_in, range(13, 19))
# Those of the lists-and-links dialect, which come in its own form.
SV, CG, UR, POOL, EMD, CID = (
    numbered_id(kind, 1)
    for kind in (Kind.SURVEY, Kind.MAILING_LIST, Kind.LIBRARY, Kind.DIRECTORY, Kind.DISTRIBUTION, Kind.CONTACT)
)
ES, R = numbered_id(Kind.EXPORT, 1), numbered_id(Kind.RESPONSE, 1)
MS, MS_OF_SMS = numbered_id(Kind.MESSAGE, 1), numbered_id(Kind.MESSAGE, 2)
SUB = numbered_id(Kind.SUBSCRIPTION, 1)
EMD_OF_SMS = numbered_id(Kind.DISTRIBUTION, 2)
PGRS = numbered_id(Kind.IMPORT, 1)
MS, MS_OF_SMS, MS_UNUSED = (numbered_id(Kind.MESSAGE, number) for number in (1, 2, 3))

# What is read, changed and deleted by a path is used by nothing, so that it may be deleted.
_IN_PATHS: Final[Mapping[str, str]] = {
    "survey_id": UNUSED_SURVEY,
    "provider_id": UNUSED_PROVIDER,
    "template_id": UNUSED_TEMPLATE,
    "contact_id": CONTACT,
    "list_id": LIST,
    "suppression_id": SUPPRESSION,
    "distribution_id": DISTRIBUTION,
    "export_id": EXPORT,
    "import_id": IMPORT,
    "event_endpoint_id": EVENT_ENDPOINT,
    "delivery_id": EVENT_DELIVERY,
    "response_id": RESPONSE,
    "code": CODE,
    "surveyId": SURVEY,
    "distributionId": DISTRIBUTION,
}
# Where an operation needs another.
_OTHERS: Final[Mapping[str, Mapping[str, str]]] = {
    "createQuickDistribution": {"survey_id": SURVEY},
    "runImport": {"import_id": DRY_RUN},
    "createImport": {"listId": LIST},
    "v3GetSmsDistribution": {"distribution_id": EMD_OF_SMS},
    "v3DeleteSmsDistribution": {"distribution_id": EMD_OF_SMS},
}
_OF_LISTS_AND_LINKS: Final[Mapping[str, str]] = {
    "directory_id": POOL,
    "library_id": UR,
    "user_id": UR,
    "subscription_id": SUB,
    "message_id": MS_UNUSED,
    "import_id": PGRS,
    "list_id": CG,
    "contact_id": CID,
    "distribution_id": EMD,
    "survey_id": SV,
    "progress_id": ES,
    "file_id": ES,
    "response_id": R,
    "surveyId": SV,
    "mailingListId": CG,
    "contactId": CID,
}


def known_to(operation_id: str) -> Mapping[str, str]:
    """The stand-ins that an operation's path and query mean, by the names of their parameters."""
    if operation_id.startswith("v3"):
        return {**_OF_LISTS_AND_LINKS, **_OTHERS.get(operation_id, {})}
    return {**_IN_PATHS, **_OTHERS.get(operation_id, {})}


@dataclass(frozen=True, slots=True)
class Ids:
    """The real ids: of accounts and templates by their channel, of all else by the stand-in."""

    accounts: Mapping[Channel, str]
    templates: Mapping[Channel, str]
    others: Mapping[str, str]

    def put_into(self, value: Any, channel: Channel = Channel.EMAIL) -> Any:
        """A copy with the real ids. Account and template are those of the channel that the object around them names."""
        if isinstance(value, dict):
            if value.get("channel") in list(Channel):
                channel = Channel(value["channel"])
            return {name: self.put_into(inner, channel) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.put_into(inner, channel) for inner in value]
        if not isinstance(value, str):
            return value
        return {**self.others, PROVIDER: self.accounts[channel], TEMPLATE: self.templates[channel]}.get(value, value)
