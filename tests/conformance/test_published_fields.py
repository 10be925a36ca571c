"""The fields that the reference of lists and links gives for each answer: all of them, and no others but ours."""

import json
import re
from typing import Any

import pytest
from django.test import Client

from tests.conformance.stand_ins import CG, CID, EMD, POOL, UR, Ids

Fields = dict[str, Any]

# As the reference writes them, and messageType, which clients read. A field that is an object has its own in braces.
DISTRIBUTION = (
    "id, parentDistributionId, ownerId, organizationId, requestStatus, requestType, sendDate, createdDate, "
    "modifiedDate, customHeaders, headers{fromEmail,replyToEmail,fromName,subject}, "
    "recipients{mailingListId,contactId,libraryId,sampleId}, message{libraryId,messageId,messageText,messageType}, "
    "surveyLink{surveyId,expirationDate,linkType}, embeddedData, "
    "stats{sent,failed,started,bounced,opened,skipped,finished,complaints,blocked}"
)
LINK = (
    "contactId, transactionId, link, exceededContactFrequency, linkExpiration, status, lastName, firstName, "
    "externalDataReference, email, unsubscribed"
)
HISTORY = (
    "contactId, contactLookupId, distributionId, status, surveyLink, contactFrequencyRuleId, responseId, "
    "responseStartedAt, responseCompletedAt, sentAt, openedAt, responseDuration"
)
MAILING_LIST = "mailingListId, name, contactCount, ownerId, creationDate, lastModifiedDate"
READ = [
    ("distributions", DISTRIBUTION, ""),
    (f"distributions/{EMD}", DISTRIBUTION, ""),
    (f"distributions/{EMD}/links", LINK, "phone"),
    # The reference's list ends in “…”: another field of the original is there, too.
    (f"distributions/{EMD}/history", f"{HISTORY}, surveySessionId", "reason"),
    (f"directories/{POOL}/mailinglists", MAILING_LIST, "id"),
    (f"directories/{POOL}/mailinglists/{CG}", MAILING_LIST, "id"),
    ("surveys", "id, name, ownerId, isActive, lastModified, creationDate", ""),
    ("directories", "directoryId, name, contactCount", "isDefault"),
    ("libraries", "libraryId, libraryName", ""),
    (f"libraries/{UR}/messages", "id, description, category", "channel"),
]
MADE = [
    (f"directories/{POOL}/mailinglists", {"name": "Ward C"}, "id"),
    (f"directories/{POOL}/mailinglists/{CG}/contacts", {"extRef": "PAT-9"}, "id, contactLookupId"),
]


def fields_in(text: str) -> Fields:
    """`a, b{c,d}` → `{"a": None, "b": {"c": None, "d": None}}`."""
    named = re.findall(r"(\w+)(?:\{([^}]*)\})?", text)
    return {name: fields_in(inner) if inner else None for name, inner in named}


def fields_of(element: Fields, wanted: Fields) -> Fields:
    """Likewise of an answer. An object whose own fields the reference leaves open may have any."""
    return {
        name: fields_of(value, wanted[name]) if isinstance(value, dict) and wanted.get(name) else None
        for name, value in element.items()
    }


def address(path: str, ids: Ids) -> str:
    return "/".join(["/API/v3", *map(ids.put_into, path.split("/"))])


def result_of(answer: Any) -> Fields:
    assert answer.status_code == 200, answer.content
    assert list(answer.json()) == ["result", "meta"]
    assert list(answer.json()["meta"]) == ["httpStatus", "requestId"]
    result: Fields = answer.json()["result"]
    return result


@pytest.mark.parametrize(("path", "published", "ours"), READ, ids=lambda part: part if "," not in part else "")
def test_what_is_read_has_the_published_fields(path: str, published: str, ours: str, client: Client, ids: Ids) -> None:
    result = result_of(client.get(address(path, ids)))
    if "elements" in result:
        assert list(result) == ["elements", "nextPage"]
        result = result["elements"][0]
    wanted = fields_in(published) | fields_in(ours)
    assert fields_of(result, wanted) == wanted


@pytest.mark.parametrize(("path", "body", "published"), MADE, ids=["a list", "a contact"])
def test_what_is_made_is_answered_with_the_published_fields(
    path: str, body: Fields, published: str, client: Client, ids: Ids
) -> None:
    answer = client.post(address(path, ids), json.dumps(body), content_type="application/json")
    assert fields_of(result_of(answer), {}) == fields_in(published)


def test_a_wish_of_the_thread_one_link_is_one_call(client: Client, ids: Ids) -> None:
    """“I'd have to search through those 10k links to find the right one.”"""
    emd, cid = ids.others[EMD], ids.others[CID]
    result = result_of(client.get(f"/API/v3/distributions/{emd}/links", {"contactId": cid}))
    [link] = result["elements"]
    assert (link["contactId"], result["nextPage"]) == (cid, None)
