"""Every field of the quick call, with values within and beyond its limits."""

from typing import Any

import pytest

from contacts.models import Contact, Organization
from distributor.models import Distribution, Recipient, Step
from tests.api.conftest import Post
from tests.support.api.bodies import NOT_GIVEN, NOTHING, changed, faults_in, rows_written

LONGEST_EMAIL = f"{'a' * 64}@{'.'.join(['d' * 61] * 3)}.com"
A_UUID = "0195e3a1-0000-7000-8000-000000000001"
NESTED: dict[str, Any] = {"1": {"2": {"3": {"4": {}}}}}  # five objects, including the data itself

TAKEN = [
    *(("/contacts/0/externalId", value) for value in ("x", "x" * 255, " x ", "ż" * 255, "a\nb", "a/b~c%41")),
    *(("/contacts/0/email", value) for value in ("a@b.pl", LONGEST_EMAIL, "  Ann@Example.com  ")),
    *(("/contacts/0/firstName", value) for value in ("", "x" * 255, "🙂" * 255, "O'Neil <b>${x}</b>")),
    *(("/contacts/0/lastName", value) for value in ("", "x" * 255)),
    *(("/contacts/0/phone", value) for value in ("", " ", "601 234 567", "+48601234567", "+1 212 555 0123")),
    *(
        ("/contacts/0/embeddedData", value)
        for value in (
            {},
            {"": ""},
            NESTED,
            {"k" * 255: "v" * 10_000},
            {str(number): number for number in range(200)},
            {"numbers": [0, -1, 1.5, -(2**63), 2**63 - 1, 1e-300]},
            {"mixed": [None, True, "ż", {"a/b": "~"}]},
        )
    ),
    *(("/channels/0/priority", value) for value in (1, 10)),
    *(("/channels/0/fallbackDelayMinutes", value) for value in (0, 1, 525_600)),
    *(("/channels/0/fromEmail", value) for value in ("", LONGEST_EMAIL)),
    *(("/channels/0/fromName", value) for value in ("", "x" * 255)),
    *(("/channels/0/replyToEmail", value) for value in ("", "a@b.pl")),
    *(("/channelMode", value) for value in ("single", "multi")),
    *(("/settings", value) for value in ({}, {"excludeOptedOut": False})),
    *(("/settings/recentContactDays", value) for value in (1, 365)),
    *(("/name", value) for value in ("", "x" * 255, "ż" * 255)),
]
WRONG_TEXTS: list[Any] = [1, True, [], {}]
WRONG_LINES = [*WRONG_TEXTS, "x" * 256, "a\0b", "a\nb", "a\rb"]
WRONG_EMAILS = [*WRONG_TEXTS, "ann", "ann@", "ann@example", "a b@example.com", "änn@example.com", f"a{LONGEST_EMAIL}"]
WRONG_UUIDS = [*WRONG_TEXTS, "", "PROVIDER_UUID", A_UUID[:-1], f"{A_UUID}0", "0195e3a1-0000-7000-8000-00000000000g"]
WRONG_NUMBERS: list[Any] = ["1", 1.5, True, [], {}, -1]

REFUSED = [
    ("/surveyId", [NOT_GIVEN, None, *WRONG_UUIDS]),
    ("/contacts", [NOT_GIVEN, None, [], {}, "ann", 1, [{"externalId": str(number)} for number in range(1_001)]]),
    ("/contacts/0", [None, [], "ann", 1]),
    ("/contacts/0/externalId", [*WRONG_TEXTS, "x" * 256, "a\0b"]),
    ("/contacts/0/contactId", WRONG_UUIDS),
    ("/contacts/0/email", WRONG_EMAILS),
    ("/contacts/0/firstName", WRONG_LINES),
    ("/contacts/0/lastName", WRONG_LINES),
    ("/contacts/0/phone", [*WRONG_TEXTS, "12", "ann", "+49 301234567890123", "1" * 65, "\0"]),
    (
        "/contacts/0/embeddedData",
        ["x", 1, True, [], {str(number): 1 for number in range(201)}, {"k" * 256: 1}, {"\0": 1}],
    ),
    ("/contacts/0/embeddedData/k", ["a\0b", "v" * 10_001, 2**63, -(2**63) - 1, 1e19, float("nan"), float("inf")]),
    ("/contacts/0/embeddedData/k/0", [["a\0b"], [2**63], [float("-inf")]]),
    ("/channels", [NOT_GIVEN, None, [], {}, "email", 1]),
    ("/channels/0", [None, [], "email", 1]),
    ("/channels/0/channel", [NOT_GIVEN, None, "", "push", "EMAIL", 1, []]),
    ("/channels/0/providerId", [NOT_GIVEN, None, *WRONG_UUIDS]),
    ("/channels/0/templateId", [NOT_GIVEN, None, *WRONG_UUIDS]),
    ("/channels/0/priority", [*WRONG_NUMBERS, 0, 11, 10**30]),
    ("/channels/0/fallbackDelayMinutes", [*WRONG_NUMBERS, 525_601]),
    ("/channels/0/fromEmail", WRONG_EMAILS),
    ("/channels/0/fromName", WRONG_LINES),
    ("/channels/0/replyToEmail", WRONG_EMAILS),
    ("/channelMode", ["", "both", "Single", 1, True, []]),
    ("/settings", ["", 1, True, []]),
    *((f"/settings/{name}", ["true", 1, 0, [], {}]) for name in ("excludeOptedOut", "excludeRecentlyContacted")),
    ("/settings/respectFrequencyRules", ["true", 1, 0, [], {}]),
    ("/settings/recentContactDays", [*WRONG_NUMBERS, 0, 366]),
    ("/name", WRONG_LINES),
]


@pytest.mark.parametrize(("pointer", "value"), TAKEN)
def test_values_within_the_limits_are_accepted(post: Post, body: dict[str, Any], pointer: str, value: Any) -> None:
    response = post(changed(body, pointer, value))
    assert response.status_code == 201, response.content
    assert response.json()["recipientCount"] == 1


@pytest.mark.parametrize(("pointer", "value"), [(pointer, value) for pointer, values in REFUSED for value in values])
def test_values_beyond_the_limits_are_refused_with_their_pointer(
    post: Post, body: dict[str, Any], pointer: str, value: Any
) -> None:
    # The contact keeps its other two identifiers, so that the field has the only fault.
    place = pointer.removesuffix("/0") if pointer.endswith("/k/0") else pointer
    response = post(changed(body, place, value))
    assert response.status_code == 400, response.content
    assert [named for named, _code in faults_in(response)] == [pointer]
    assert rows_written() == NOTHING


def test_texts_are_stored_as_given_and_identifiers_without_blanks(post: Post, body: dict[str, Any]) -> None:
    data = {"ż/~": ["🙂", 1.5, None, {"deep": -(2**63)}], "tiny": 1e-300}
    contact = {"externalId": " PAT 1 ", "email": " Ann@Example.com ", "firstName": " <b>Ann</b> ", "embeddedData": data}
    assert post({**body, "contacts": [contact], "name": "${x} – ‘n’"}).status_code == 201
    stored = Contact.objects.get()
    assert (stored.external_id, stored.email, stored.first_name) == ("PAT 1", "Ann@Example.com", " <b>Ann</b> ")
    assert stored.embedded_data == Recipient.objects.get().attributes == data
    assert Distribution.objects.get().name == "${x} – ‘n’"


def test_a_national_phone_number_is_read_in_the_organisations_region(
    post: Post, body: dict[str, Any], organization: Organization
) -> None:
    call_body = changed(body, "/contacts/0/phone", "601 234 567")
    assert post(call_body).status_code == 201
    assert Contact.objects.get().phone == "+48601234567"
    Organization.objects.filter(pk=organization.pk).update(phone_region="")
    assert faults_in(post(call_body)) == [("/contacts/0/phone", "invalid_phone")]


def test_a_contact_needs_one_of_three_identifiers(post: Post, body: dict[str, Any]) -> None:
    nameless: list[dict[str, Any]] = [
        {},
        {"firstName": "Ann", "phone": "+48600000001"},
        {"externalId": "", "email": "", "contactId": None},
        {"externalId": "  ", "email": "  "},
    ]
    response = post({**body, "contacts": [*nameless, {"email": "ann@example.com"}]})
    assert response.status_code == 400
    assert faults_in(response) == [(f"/contacts/{position}", "no_identifier") for position in range(4)]


@pytest.mark.parametrize("name", ["externalId", "email", "contactId"])
def test_each_of_the_three_identifiers_is_enough(
    post: Post, body: dict[str, Any], organization: Organization, name: str
) -> None:
    known = Contact.objects.create(organization=organization, external_id="PAT-1", email="ann@example.com")
    names = {"externalId": "PAT-1", "email": "ann@example.com", "contactId": str(known.pk)}
    answer = post({**body, "contacts": [{name: names[name]}]}).json()
    assert [link["contactId"] for link in answer["personalLinks"]] == [str(known.pk)]


def test_a_call_takes_up_to_ten_channels(post: Post, body: dict[str, Any]) -> None:
    assert post({**body, "channels": body["channels"] * 10}).status_code == 201
    assert Step.objects.count() == 10
    assert faults_in(post({**body, "channels": body["channels"] * 11})) == [("/channels", "too_long")]


def test_data_may_be_nested_five_deep(post: Post, body: dict[str, Any]) -> None:
    too_deep: dict[str, Any] = {"1": {"2": {"3": {"4": {"5": {}}}}}}
    assert post(changed(body, "/contacts/0/embeddedData", NESTED)).status_code == 201
    response = post(changed(body, "/contacts/0/embeddedData", too_deep))
    assert faults_in(response) == [("/contacts/0/embeddedData/1/2/3/4/5", "too_deep")]


def test_at_most_a_hundred_faults_in_data_are_reported(post: Post, body: dict[str, Any]) -> None:
    response = post(changed(body, "/contacts/0/embeddedData", {"k": [2**63] * 100_000}))
    assert faults_in(response) == [
        (f"/contacts/0/embeddedData/k/{position}", "number_range") for position in range(100)
    ]


def test_unknown_fields_are_ignored_everywhere(post: Post, body: dict[str, Any]) -> None:
    for pointer in ("/later", "/contacts/0/later", "/channels/0/later", "/settings/later"):
        assert post(changed(body, pointer, {"deep": [1]})).status_code == 201
    assert Contact.objects.get().embedded_data == {}


OPTIONAL = [
    *("/channelMode", "/scheduledAt", "/settings", "/name"),
    *(f"/contacts/0/{name}" for name in ("externalId", "contactId", "firstName", "lastName", "phone", "embeddedData")),
    *(f"/channels/0/{name}" for name in ("priority", "fromEmail", "fromName", "replyToEmail", "fallbackDelayMinutes")),
    *(
        f"/settings/{name}"
        for name in ("excludeOptedOut", "respectFrequencyRules", "excludeRecentlyContacted", "recentContactDays")
    ),
]


@pytest.mark.parametrize("pointer", OPTIONAL)
def test_null_means_not_given(post: Post, body: dict[str, Any], pointer: str) -> None:
    assert post(changed(body, pointer, None)).status_code == 201
    distribution, step = Distribution.objects.get(), Step.objects.get()
    assert (distribution.mode, distribution.scheduled_at, distribution.name) == ("single", None, "")
    assert (distribution.exclude_opted_out, distribution.respect_frequency_rules) == (True, True)
    assert (distribution.exclude_recently_contacted, distribution.recent_contact_days) == (False, 30)
    assert (step.priority, step.from_email, step.fallback_delay_minutes) == (1, "", None)


@pytest.mark.parametrize("name", ["firstName", "lastName", "phone"])
@pytest.mark.parametrize("blank", [None, ""])
def test_a_blank_replaces_nothing(
    post: Post, body: dict[str, Any], organization: Organization, name: str, blank: str | None
) -> None:
    known = Contact.objects.create(
        organization=organization, external_id="PAT-1", first_name="Eve", last_name="Old", phone="+48600000009"
    )
    contact = {"externalId": "PAT-1", "email": "ann@example.com", name: blank, "embeddedData": None}
    assert post({**body, "contacts": [contact]}).status_code == 201
    known.refresh_from_db()
    assert (known.first_name, known.last_name, known.phone) == ("Eve", "Old", "+48600000009")


@pytest.mark.parametrize("blank", [None, "", " ", "\t \n"])
def test_contacts_with_a_blank_external_id_stay_different_people(
    post: Post, body: dict[str, Any], blank: str | None
) -> None:
    contacts = [{"externalId": blank, "email": f"{name}@example.com"} for name in ("ann", "bob")]
    answer = post({**body, "contacts": contacts}).json()
    assert [link["externalId"] for link in answer["personalLinks"]] == [None, None]
    assert Contact.objects.filter(external_id=None).count() == 2
