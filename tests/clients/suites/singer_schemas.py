"""The schemas of a tap's streams: JSON Schema draft 4, as the published API's answers were described to users.

An object without `properties` may have any keys.
"""

from typing import Any

Schema = dict[str, Any]
TEXT: Schema = {"type": ["null", "string"]}
FLAG: Schema = {"type": ["null", "boolean"]}
NUMBER: Schema = {"type": ["null", "number"]}
TIME: Schema = {"type": ["null", "string"], "format": "date-time"}
ANY: Schema = {"type": ["null", "object"]}


def record(**fields: Schema) -> Schema:
    return {"type": "object", "additionalProperties": False, "properties": fields}


def part(**fields: Schema) -> Schema:
    return record(**fields) | {"type": ["null", "object"]}


def texts(*names: str) -> dict[str, Schema]:
    return dict.fromkeys(names, TEXT)


def numbers(*names: str) -> dict[str, Schema]:
    return dict.fromkeys(names, NUMBER)


SURVEYS = record(**texts("id", "name", "ownerId"), lastModified=TIME, creationDate=TIME, isActive=FLAG)
DIRECTORIES = record(**texts("directoryId", "name"), contactCount=NUMBER, isDefault=FLAG)
CONTACTS = record(
    **texts("contactId", "firstName", "lastName", "email", "phone", "extRef", "language"), unsubscribed=FLAG
)
LISTS = record(
    **texts("mailingListId", "id", "name", "ownerId"), **numbers("lastModifiedDate", "creationDate", "contactCount")
)
LIST_CONTACTS = record(
    **texts("contactId", "contactLookupId", "firstName", "lastName", "email", "phone", "extRef", "language"),
    unsubscribed=FLAG,
    mailingListUnsubscribed=FLAG,
    mailingListUnsubscribeDate=TIME,
)
DISTRIBUTIONS = record(
    **texts("id", "parentDistributionId", "ownerId", "organizationId", "requestStatus", "requestType"),
    sendDate=TIME,
    createdDate=TIME,
    modifiedDate=TIME,
    customHeaders=ANY,
    headers=part(**texts("fromEmail", "replyToEmail", "fromName", "subject")),
    recipients=part(**texts("mailingListId", "contactId", "libraryId", "sampleId")),
    message=part(**texts("libraryId", "messageId", "messageText", "messageType")),
    surveyLink=part(**texts("surveyId", "linkType"), expirationDate=TIME),
    embeddedData={"type": "object"},
    stats=part(
        **numbers("sent", "failed", "started", "bounced", "opened", "skipped", "finished", "complaints", "blocked")
    ),
)
SMS_DISTRIBUTIONS = record(
    **texts(
        "id", "ownerId", "organizationId", "requestStatus", "requestType", "surveyId", "name", "parentDistributionId"
    ),
    sendDate=TIME,
    recipients=part(
        **texts("mailingListId", "contactId", "libraryId", "sampleId", "transactionId", "transactionBatchId")
    ),
    message=part(**texts("libraryId", "messageId", "messageType")),
    stats=part(**numbers("sent", "failed", "started", "finished", "credits", "segments")),
)
HISTORY = record(
    **texts("contactId", "contactLookupId", "distributionId", "status", "surveyLink", "contactFrequencyRuleId"),
    **texts("responseId", "surveySessionId"),
    **dict.fromkeys(("responseStartedAt", "responseCompletedAt", "sentAt", "openedAt"), TIME),
)
LINKS = record(
    **texts(
        "contactId", "transactionId", "link", "exceededContactFrequency", "lastName", "firstName", "email", "phone"
    ),
    **texts("externalDataReference", "status"),
    linkExpiration=TIME,
    unsubscribed=FLAG,
)
MESSAGES = record(**texts("id", "description", "category"))
_USER = texts("id", "username", "email", "firstName", "lastName", "userType", "organizationId", "divisionId")
_USER |= texts("language", "accountStatus", "timeZone") | {"unsubscribed": FLAG}
USERS = record(**_USER)
USER = record(**_USER, responseCounts=ANY, permissions=ANY)
SURVEY = record(
    **texts("id", "name", "ownerId", "organizationId"),
    isActive=FLAG,
    creationDate=TIME,
    lastModifiedDate=TIME,
    expiration=part(startDate=TIME, endDate=TIME),
    **dict.fromkeys(("questions", "exportColumnMap", "blocks", "comments"), ANY),
    flow={"type": ["null", "array"], "items": {"type": "object"}},
    embeddedData={"type": ["null", "array"], "items": {"type": "object"}},
    responseCounts=part(**numbers("auditable", "generated", "deleted")),
)
RESPONSES = record(
    responseId=TEXT,
    values=ANY,
    labels=ANY,
    displayedFields={"type": ["null", "array"], "items": {"type": "string"}},
    displayedValues=ANY,
)
