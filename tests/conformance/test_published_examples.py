"""Every example of the four references: the request as published, the answer compared field by field.

Only ids that cannot exist here are replaced in a request. What a row declares as different or added is what the pages
in docs/dialects/ say.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from django.test import Client

from contacts.channel import Channel
from contacts.models import Organization
from tests.conformance.comparing import differences
from tests.conformance.published import published
from tests.conformance.stand_ins import CG, CID, MS, SURVEY, SV, UR, Ids
from tests.support.api.recipient_add import PATH as RECIPIENT_ADD
from tests.support.api.recipient_add import make_list
from tests.support.api.single_send import PATH as SINGLE_SEND

CODE = "[0-9A-Za-z]{12}"


@dataclass(frozen=True)
class Example:
    """A published call. `within` is the request that a part belongs to.

    `replaced`: published values that cannot exist here, once each and in their order, and what stands for them.
    """

    name: str
    path: str
    key_in: str
    request: str
    answer: str
    status: int
    replaced: Sequence[tuple[str, str]] = ()
    within: str | None = None
    formats: Mapping[str, str] = field(default_factory=dict)
    added: Mapping[str, Any] = field(default_factory=dict)


PATIENT = Example(
    "quick: a patient after discharge",
    path="/api/surveys/{survey}/distributions/quick",
    key_in="x-api-key: {key}",
    request="quick_request",
    answer="quick_answer",
    status=201,
    replaced=[
        ("0195e3a1-0000-7000-8000-000000000001", "{survey}"),
        ("PROVIDER_UUID", "{provider}"),
        ("TEMPLATE_UUID", "{template}"),
    ],
    formats={"/personalLinks/0/personalLinkCode": CODE},
    added={"/skipped": []},
)
# Published with nothing in it: what there must be is named, the rest stays "".
SKELETON = [
    ('"libraryId": ""', '"libraryId": "{UR}"'),
    ('"messageId": ""', '"messageId": "{MS}"'),
    ('"surveyId": ""', '"surveyId": "{SV}"'),
]
LINK = Example(
    "lists and links: a link for one contact",
    path="/API/v3/distributions",
    key_in="X-API-TOKEN: {key}",
    request="lists_and_links_one_contact",
    answer="lists_and_links_made",
    status=200,
    replaced=[
        ("SV_czFBNXiZB2vi7C6", "{SV}"),
        ("CG_ePReZRid7oeJpe1", "{CG}"),
        ("CID_2UYO19krrLNl1dI", "{CID}"),
    ],
    formats={
        "/result/id": "EMD_[0-9A-Za-z]{15}",
        "/result/link": f"http://localhost:8000/p/{CODE}",
        "/meta/requestId": "[0-9a-f-]{36}",
    },
    added={"/result/link": "of one contact"},
)
EXAMPLES = [
    PATIENT,
    replace(PATIENT, name="quick: settings", request="quick_settings", within="quick_request"),
    LINK,
    replace(LINK, name="lists and links: in recipients", request="lists_and_links_in_recipients"),
    replace(
        LINK,
        name="lists and links: an e-mail to a list",
        request="lists_and_links_send",
        replaced=[*SKELETON, ('"mailingListId": ""', '"mailingListId": "{CG}"')],
        added={},
    ),
    replace(
        LINK,
        name="lists and links: an e-mail to one contact",
        request="lists_and_links_send",
        replaced=[*SKELETON, ('"contactId": ""', '"contactId": "{CID}"')],
    ),
    Example(
        "single send: everything",
        path=SINGLE_SEND,
        key_in="Authorization: Bearer {key}",
        request="single_send_request",
        answer="single_send_answer",
        status=201,
        replaced=[("YOUR_FORM_ID", "{survey}")],
        formats={"/items/0/link": f"http://localhost:8000/p/{CODE}"},
    ),
    Example(
        "recipient add: placeholders",
        path=RECIPIENT_ADD,
        key_in="x-api-key: {key}",
        request="recipient_add_request",
        answer="recipient_add_errors",
        status=200,
        formats={
            "/Errors": "/Duplication/(Fields|Date): .+|There was a problem with the following recipient "
            "sample string 1 sample string 2 sample string 3 sample string 5 sample string 4 Invalid mobile number for"
        },
    ),
    Example(
        "recipient add: people",
        path=RECIPIENT_ADD,
        key_in="x-api-key: {key}",
        request="recipient_add_request",
        answer="recipient_add_success",
        status=200,
        replaced=[
            ('"sample string 4"', '"+48601000001"'),
            ('"sample string 4"', '"+48601000002"'),
            ('"sample string 5"', '"ann@example.com"'),
            ('"sample string 5"', '"ben@example.com"'),
            ('"Fields": "sample string 1"', '"Fields": "tel"'),
            ('"Date": "sample string 2"', '"Date": "user1"'),
        ],
    ),
]


@pytest.fixture
def known(organization: Organization, ids: Ids) -> dict[str, str]:
    """What the published ids may stand for, and a list of the published name."""
    make_list(organization, "sample string 1")
    own = {"survey": ids.others[SURVEY], "provider": ids.accounts[Channel.EMAIL]}
    theirs = {"SV": SV, "CG": CG, "CID": CID, "UR": UR, "MS": MS}
    return {
        **own,
        "template": ids.templates[Channel.EMAIL],
        **{name: ids.others[stand_in] for name, stand_in in theirs.items()},
    }


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_a_published_example_is_answered_as_published(example: Example, known: dict[str, str], api_key: str) -> None:
    header, _, value = example.key_in.format(key=api_key).partition(": ")
    answer = Client(headers={header: value}).post(
        example.path.format(**known), request_text(example, known), content_type="application/json"
    )
    assert (answer.status_code, answer["Content-Type"]) == (example.status, "application/json"), answer.content
    wanted = json.loads(published(example.answer))
    assert list(differences(wanted, answer.json(), example.formats, example.added)) == []


def request_text(example: Example, known: dict[str, str]) -> str:
    text = published(example.request)
    if example.within:
        text = json.dumps(json.loads(published(example.within)) | json.loads(text))
    for value, stand_in in example.replaced:
        assert value in text
        text = text.replace(value, put_in(stand_in, known), 1)
    return text


def put_in(stand_in: str, known: dict[str, str]) -> str:
    """The text with what `{name}` stands for."""
    return re.sub(r"\{(\w+)\}", lambda match: known[match[1]], stand_in)


def test_a_failed_lookup_is_told_by_the_published_names(known: dict[str, str], client: Client) -> None:
    said = {"FirstName": "Ann", "MobileNumber": "+48221234567", "LookupTest": True}
    body = {"ListName": "sample string 1", "RecipientList": [said]}
    answer = client.post(RECIPIENT_ADD, json.dumps(body), content_type="application/json")
    [told] = answer.json()["Lookups"]
    assert list(told) == list(json.loads(published("recipient_add_lookup")))
    assert (told["Carrier"], told["Number"], told["Reachable"]) == ("Unknown", "+48221234567", False)


@pytest.mark.parametrize("locale", ["pl", "en", "de", "zh-CN"])
def test_the_values_that_single_send_names_are_answered_as_they_are(
    locale: str, known: dict[str, str], client: Client
) -> None:
    recipient = {"phone_number": "+17132746524", "locale": locale}
    body = {"form_id": known["survey"], "channel": "sms", "recipients": [recipient]}
    answer = client.post(SINGLE_SEND, json.dumps(body), content_type="application/json")
    assert answer.status_code == 201
    [item] = answer.json()["items"]
    assert (item["phone_number"], item["locale"], item["channel"]) == ("+17132746524", locale, "sms")


UUIDS = "0195e3a1-0000-7000-8000-000000000001", "01a2023f-37c1-7480-b832-1badfb3507bd"


@pytest.mark.parametrize(
    ("wanted", "ours", "told"),
    [
        ({"a": UUIDS[0], "b": [1]}, {"a": UUIDS[1], "b": [1]}, 0),
        ({"a": UUIDS[0]}, {"a": "another text"}, 1),
        ({"a": "some text"}, {"a": UUIDS[1]}, 1),
        ({"a": 1, "b": 2}, {"a": 1}, 1),
        ({"a": 1}, {"a": 1, "b": None}, 1),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, 1),
        ({"a": 1}, {"a": True}, 1),
        ({"a": "1"}, {"a": 1}, 1),
        ({"a": None}, {"a": ""}, 1),
        ({"a": [1]}, {"a": [1, 2]}, 1),
        ({"code": "aBcDeFgH"}, {"code": "aBcDeFgHiJkL"}, 0),
        ({"code": "aBcDeFgH"}, {"code": "aBcDeFgHi"}, 1),
        ({"a": 1}, {"a": 1, "more": []}, 0),
        ({"a": 1}, {"a": 1, "more": [1]}, 1),
    ],
)
def test_the_comparison_sees_every_difference(wanted: object, ours: object, told: int) -> None:
    assert len(list(differences(wanted, ours, {"/code": CODE}, {"/more": []}))) == told
