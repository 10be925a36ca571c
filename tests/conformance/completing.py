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
    DISTRIBUTION,
    EMD,
    KEY,
    LIST,
    MS,
    MS_OF_SMS,
    POOL,
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
_TEXT: Final = {"surveyId": SV, "directoryId": POOL, "message": _SMS}
_UNUSED: Final = {"sampleId": None, "transactionId": None, "transactionBatchId": None}
_ON_LIST: Final = {"mailingListId": CG, "contactId": CID, "directoryId": POOL}
_TO_LIST: Final = {**_ON_LIST, **_UNUSED, "libraryId": UR}

PEOPLE: Final = "email,first name\nann@example.com,Ann\n"

# By operation, and for what `action` says; several take turns.
_NEEDED: Final[Mapping[str, list[dict[str, Any]]]] = {
    "createQuickDistribution": [
        {"surveyId": SURVEY, "contacts": [_PERSON], "channels": [{"providerId": PROVIDER, "templateId": TEMPLATE}]}
    ],
    "sendSurvey": [{"form_id": SURVEY, "recipients": [{"email": "bob@example.com", "phone_number": PHONE}]}],
    "logIn": [{"Password": KEY}],
    "addRecipients": [
        {"ListName": "Ward B", "RecipientList": [_ADDED], "Duplication": duplication}
        for duplication in (Exactly(), Exactly(Fields="tel,user1", Date="user1", GenerateDate=True, Limit=30))
    ],
    "createDistribution": [
        {"surveyId": SURVEY, "steps": _STEPS, **_LIFE, "audience": audience}
        for audience in (
            {"contacts": [_PERSON], "listId": None, "contactIds": None, "filter": None},
            Exactly(listId=LIST),
            Exactly(contactIds=[CONTACT]),
            Exactly(filter={"embeddedData": {"ward": "B"}}),
        )
    ],
    "addStep": [
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
    "connectSurvey": [{"surveyId": SURVEY, "steps": [{"providerId": PROVIDER, "templateId": TEMPLATE}]}],
    "createLink": [{"surveyId": SURVEY, "contact": _PERSON, "steps": steps} for steps in (_STEPS, None)],
    "saveContact": [_NAMED],
    "updateContact": [_NAMED],
    "updateMembers": [{"add": [CONTACT], "remove": []}, {"add": [], "remove": [CONTACT]}],
    "createSurvey": [_URLS],
    "updateSurvey": [_URLS],
    "createTemplate": [
        {"channel": "email", "variants": Exactly(pl={"subject": "Pytanie", **_TEXTS})},
        {"channel": "sms", "variants": Exactly({"zh-CN": _TEXTS})},
    ],
    "updateTemplate": [{"variants": Exactly(pl={"subject": "Pytanie", "html": "${link}", **_TEXTS}, en=None)}],
    "createProvider": [{"kind": "sandbox", **_SANDBOX}],
    "updateProvider": [{**_SANDBOX, "configuration": Exactly(host="mail.example.com")}],
    "createSuppression": [
        {"channel": "email", "address": "Bob@example.com"},
        {"channel": "whatsapp", "address": "600 000 009"},
    ],
    "createImport": [{"file": PEOPLE.encode(), "options": Exactly()}],
    "previewImport": [{"file": PEOPLE.encode(), "options": Exactly()}],
    "startExport": [
        {"kind": "suppressions", "filters": Exactly(channel="email"), "columns": None},
        {"kind": "links", "filters": Exactly(distributionId=DISTRIBUTION), "columns": None},
    ],
    "importResponses": [
        {"responses": [{"code": CODE, "surveyId": None, "submittedAt": None}]},
        {"responses": [{"code": None, "surveyId": SURVEY, "submittedAt": None}]},
    ],
    "v3UpdateSurvey": [{"isActive": True, "expiration": None, "ownerId": UR}],
    "v3CreateResponse": [{"values": Exactly(QID1=9, QID2_TEXT="Kind staff.")}],
    "v3UpdateResponse": [{"surveyId": SV, "embeddedData": Exactly(ward="B"), "resetRecordedDate": False}],
    "v3StartResponseExport": [
        {
            "format": "csv",
            "startDate": None,
            "endDate": None,
            "timeZone": None,
            "questionIds": None,
            "surveyMetadataIds": None,
            "includeLabelColumns": False,
            "filterId": None,
            "sortByLastModifiedDate": False,
            "allowContinuation": False,
            "continuationToken": None,
        }
    ],
    "v3CreateMailingList": [{"ownerId": UR}],
    "v3RenameMailingList": [{"ownerId": UR}],
    "v3CreateContact": [{"extRef": "PAT-2", "phone": PHONE}],
    "v3UpdateContact": [{"extRef": "PAT-2", "phone": PHONE}],
    "v3CreateSubscription": [{"topics": "*", "publicationUrl": "https://crm.example.com/", "sharedKey": "k"}],
    "v3DeleteSubscriptions": [{"topics": "*"}],
    "v3GetToken": [{"grant_type": "client_credentials", "client_secret": KEY}],
    "v3CreateLegacyList": [{"libraryId": UR}],
    "v3CreateLegacyContacts": [{"externalDataReference": "PAT-2", "phone": PHONE}],
    "v3CreateMessage": [{"description": "Your stay", "messages": Exactly(en="<p>Hi</p>", PL="${l://SurveyURL}")}],
    "v3UpdateMessage": [{"messages": Exactly(en=None, pl="${link}")}],
    "v3ImportContacts": [{"contacts": [{"extRef": "PAT-2", "phone": PHONE}], "transactionMeta": None}],
    "v3CreateDirectoryContact": [{"extRef": "PAT-2", "phone": PHONE}],
    "v3UpdateDirectoryContact": [{"extRef": "PAT-2", "phone": PHONE}],
    "v3CreateDistribution": [
        {
            "message": _MESSAGE,
            "recipients": _TO_LIST,
            "directoryId": POOL,
            "surveyLink": {"surveyId": SV, "expirationDate": None},
        }
    ],
    "v3CreateDistribution CreateDistribution": [
        {"surveyId": SV, **_ON_LIST, "recipients": None, "expirationDate": None},
        {
            "surveyId": SV,
            "directoryId": None,
            "mailingListId": None,
            "contactId": CID,
            "recipients": None,
            "expirationDate": None,
        },
    ],
    "v3CreateSmsDistribution": [
        {
            "method": "Invite",
            "surveyId": SV,
            "recipients": _TO_LIST,
            "directoryId": POOL,
            "message": _SMS,
            "expirationDate": None,
        },
        {
            "method": "Reminder",
            "surveyId": SV,
            "directoryId": None,
            "recipients": None,
            "message": _SMS,
            "parentDistributionId": EMD,
        },
    ],
    "v3CreateReminder": [{"message": _MESSAGE, "directoryId": POOL, "contactId": None, "embeddedData": None}],
    "v3CreateThankYou": [{"message": _MESSAGE, "directoryId": None, "contactId": CID, "embeddedData": None}],
}


def complete(operation_id: str, body: dict[str, Any]) -> Any:
    """A body that keeps to the schema, with what is needed besides laid over it."""
    body = _whole(body)
    choices = _NEEDED.get(f"{operation_id} {body.get('action')}") or _NEEDED.get(operation_id)
    return _lay_over(body, choices[crc32(json.dumps(body, default=repr).encode()) % len(choices)]) if choices else body


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
