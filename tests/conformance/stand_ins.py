"""Ids that generated calls may name before there is anything: stand-ins, which the real ids replace at the call."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID
from zlib import crc32

from contacts.channel import Channel


def _stand_in(number: int) -> str:
    return str(UUID(int=number, version=4))


SURVEY, UNUSED_SURVEY, PROVIDER, UNUSED_PROVIDER, TEMPLATE, UNUSED_TEMPLATE = map(_stand_in, range(1, 7))
CONTACT, LIST, SUPPRESSION, DISTRIBUTION, CODE, KEY = map(_stand_in, range(7, 13))
PHONE: Final = "+48600000009"

# What is read, changed and deleted by a path is used by nothing, so that it may be deleted.
IN_PATHS: Final[Mapping[str, str]] = {
    "survey_id": UNUSED_SURVEY,
    "provider_id": UNUSED_PROVIDER,
    "template_id": UNUSED_TEMPLATE,
    "contact_id": CONTACT,
    "list_id": LIST,
    "suppression_id": SUPPRESSION,
    "distribution_id": DISTRIBUTION,
    "code": CODE,
}
IN_PATHS_OF: Final[Mapping[str, Mapping[str, str]]] = {"quick_distribution": {"survey_id": SURVEY}}
IN_QUERIES: Final[Mapping[str, str]] = {"surveyId": SURVEY, "distributionId": DISTRIBUTION}


class Exactly(dict[str, Any]):
    """An object that stands instead of a generated one, not laid over it."""


_PERSON: Final = {"contactId": CONTACT, "phone": PHONE}
_ADDED: Final = {"MobileNumber": PHONE, "EmailAddress": "bob@example.com"}
_STEPS: Final = [{"providerIds": [PROVIDER], "weights": None, "templateId": TEMPLATE}]
_LIFE: Final = {"notAfter": None, "expiresAt": None}
_URLS: Final = {"targetUrl": "https://survey.example.com/s/1", "thankYouLinkUrl": "https://example.com/"}
_SANDBOX: Final = {"configuration": Exactly(), "credentials": Exactly(), "standInId": None}
_TEXTS: Final = {"text": "${link}"}
# What a schema cannot say and a call must fulfil to get anywhere, by operation. Several take turns.
NEEDED: Final[Mapping[str, list[dict[str, Any]]]] = {
    "quick_distribution": [
        {"surveyId": SURVEY, "contacts": [_PERSON], "channels": [{"providerId": PROVIDER, "templateId": TEMPLATE}]}
    ],
    "single_send": [{"form_id": SURVEY, "recipients": [{"email": "bob@example.com", "phone_number": PHONE}]}],
    "recipient_login": [{"Password": KEY}],
    "add_recipients": [
        {"ListName": "Ward B", "RecipientList": [_ADDED], "Duplication": duplication}
        for duplication in (Exactly(), Exactly(Fields="tel,user1", Date="user1", GenerateDate=True, Limit=30))
    ],
    "create_distribution": [
        {"surveyId": SURVEY, "steps": _STEPS, **_LIFE, "audience": audience}
        for audience in (
            {"contacts": [_PERSON], "listId": None, "contactIds": None, "filter": None},
            Exactly(listId=LIST),
            Exactly(contactIds=[CONTACT]),
            Exactly(filter={"embeddedData": {"ward": "B"}}),
        )
    ],
    "create_link": [{"surveyId": SURVEY, "contact": _PERSON, "steps": steps} for steps in (_STEPS, None)],
    "save_contact": [{"externalId": "PAT-2", "phone": PHONE, "timeZone": "Europe/Warsaw"}],
    "change_contact": [{"externalId": "PAT-2", "phone": PHONE, "timeZone": "Europe/Warsaw"}],
    "change_members": [{"add": [CONTACT], "remove": []}, {"add": [], "remove": [CONTACT]}],
    "create_survey": [_URLS],
    "change_survey": [_URLS],
    "create_template": [
        {"channel": "email", "variants": Exactly(pl={"subject": "Pytanie", **_TEXTS})},
        {"channel": "sms", "variants": Exactly({"zh-CN": _TEXTS})},
    ],
    "change_template": [{"variants": Exactly(pl={"subject": "Pytanie", "html": "${link}", **_TEXTS}, en=None)}],
    "create_provider": [{"kind": "sandbox", **_SANDBOX}],
    "change_provider": [{**_SANDBOX, "configuration": Exactly(host="mail.example.com")}],
    "suppress_address": [
        {"channel": "email", "address": "Bob@example.com"},
        {"channel": "whatsapp", "address": "600 000 009"},
    ],
    "import_responses": [
        {"responses": [{"code": CODE, "surveyId": None, "submittedAt": None}]},
        {"responses": [{"code": None, "surveyId": SURVEY, "submittedAt": None}]},
    ],
}


def complete(operation_id: str, body: dict[str, Any]) -> Any:
    """A body that keeps to the schema, with what is needed besides laid over it."""
    choices = NEEDED.get(operation_id)
    if not choices:
        return body
    return _lay_over(body, choices[crc32(json.dumps(body).encode()) % len(choices)])


def _lay_over(generated: Any, needed: Any) -> Any:
    if isinstance(needed, dict) and isinstance(generated, dict) and not isinstance(needed, Exactly):
        return {**generated, **{name: _lay_over(generated.get(name), value) for name, value in needed.items()}}
    if isinstance(needed, list) and needed and isinstance(needed[0], dict) and isinstance(generated, list):
        return [_lay_over(one, needed[0]) for one in generated]
    return needed


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
