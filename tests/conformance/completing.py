"""What a schema cannot say and a call must fulfil to get anywhere, laid over bodies that are made from the schema."""

import json
from collections.abc import Mapping
from typing import Any, Final
from zlib import crc32

from tests.conformance.stand_ins import (
    CG,
    CID,
    CODE,
    CONTACT,
    EMD,
    KEY,
    LIST,
    MS,
    MS_OF_SMS,
    PROVIDER,
    SURVEY,
    SV,
    TEMPLATE,
    UR,
)


class Exactly(dict[str, Any]):
    """An object that stands instead of a generated one, not laid over it."""


PHONE: Final = "+48600000009"
_PERSON: Final = {"contactId": CONTACT, "phone": PHONE}
_NAMED: Final = {"externalId": "PAT-2", "phone": PHONE, "timeZone": "Europe/Warsaw"}
_ADDED: Final = {"MobileNumber": PHONE, "EmailAddress": "bob@example.com"}
_STEPS: Final = [
    {
        "kind": "invitation",
        "delayMinutes": None,
        "providerIds": [PROVIDER],
        "weights": None,
        "fixedSplit": False,
        "templateId": TEMPLATE,
    }
]
_LIFE: Final = {"notAfter": None, "expiresAt": None}
_URLS: Final = {"targetUrl": "https://survey.example.com/s/1", "thankYouLinkUrl": "https://example.com/"}
_SANDBOX: Final = {"configuration": Exactly(), "credentials": Exactly(), "standInId": None}
_TEXTS: Final = {"text": "${link}"}
_MESSAGE: Final = {"libraryId": UR, "messageId": MS}
_SMS: Final = {"libraryId": UR, "messageId": MS_OF_SMS}
_ON_LIST: Final = {"mailingListId": CG, "contactId": CID}

# By operation, and for what `action` says; several take turns.
_NEEDED: Final[Mapping[str, list[dict[str, Any]]]] = {
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
    "add_step": [
        {
            "channel": "email",
            "providerIds": [PROVIDER],
            "weights": None,
            "fixedSplit": False,
            "templateId": TEMPLATE,
            "contactId": contact,
        }
        | {"scheduledAt": None}
        for contact in (None, CONTACT)
    ],
    "connect_survey": [{"surveyId": SURVEY, "steps": [{"providerId": PROVIDER, "templateId": TEMPLATE}]}],
    "create_link": [{"surveyId": SURVEY, "contact": _PERSON, "steps": steps} for steps in (_STEPS, None)],
    "save_contact": [_NAMED],
    "change_contact": [_NAMED],
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
    "v3_create_mailing_list": [{"ownerId": UR}],
    "v3_rename_mailing_list": [{"ownerId": UR}],
    "v3_create_contact": [{"extRef": "PAT-2", "phone": PHONE}],
    "v3_change_contact": [{"extRef": "PAT-2", "phone": PHONE}],
    "v3_create_distribution": [
        {"message": _MESSAGE, "recipients": _ON_LIST, "surveyLink": {"surveyId": SV, "expirationDate": None}}
    ],
    "v3_create_distribution CreateDistribution": [
        {"surveyId": SV, **_ON_LIST, "recipients": None, "expirationDate": None},
        {"surveyId": SV, "mailingListId": None, "contactId": CID, "recipients": None, "expirationDate": None},
    ],
    "v3_create_sms_distribution": [
        {"method": "Invite", "surveyId": SV, "recipients": _ON_LIST, "message": _SMS, "expirationDate": None},
        {"method": "Reminder", "surveyId": SV, "recipients": None, "message": _SMS, "parentDistributionId": EMD},
    ],
    "v3_create_reminder": [{"message": _MESSAGE, "contactId": None, "embeddedData": None}],
    "v3_create_thank_you": [{"message": _MESSAGE, "contactId": CID, "embeddedData": None}],
}


def complete(operation_id: str, body: dict[str, Any]) -> Any:
    """A body that keeps to the schema, with what is needed besides laid over it."""
    body = _whole(body)
    choices = _NEEDED.get(f"{operation_id} {body.get('action')}") or _NEEDED.get(operation_id)
    return _lay_over(body, choices[crc32(json.dumps(body).encode()) % len(choices)]) if choices else body


def _whole(value: Any) -> Any:
    """With 6.0 as 6: JSON Schema takes both for an integer, and the API does not."""
    if isinstance(value, dict):
        return {name: _whole(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_whole(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _lay_over(generated: Any, needed: Any) -> Any:
    if isinstance(needed, dict) and isinstance(generated, dict) and not isinstance(needed, Exactly):
        said = {name: value for name, value in needed.items() if name in generated or not _is_of_objects(value)}
        return {**generated, **{name: _lay_over(generated.get(name), value) for name, value in said.items()}}
    if _is_of_objects(needed) and isinstance(generated, list):
        return [_lay_over(one, needed[0]) for one in generated]
    return needed


def _is_of_objects(needed: Any) -> bool:
    """A list whose objects are laid over those that were made; where there is no list, none is needed."""
    return isinstance(needed, list) and bool(needed) and isinstance(needed[0], dict)
