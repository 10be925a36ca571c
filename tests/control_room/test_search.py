"""The search box: people by parts, numbers in any spelling, codes and ids of every kind, names; by role; by index."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.models import Contact, Organization
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.engine.journey.attempts import attempt_id
from distributor.engine.search import by_index
from distributor.engine.search import others as others_module
from distributor.engine.search import people as people_module
from distributor.engine.search.people import Terms, phones_of
from distributor.models import Distribution, Recipient, Response, Survey
from tests.admin.conftest import anna, distribution, response
from tests.support.operators import member, signed_in

__all__ = ["anna", "distribution", "response"]

Find = Callable[[str], dict[str, list[str]]]


@pytest.fixture
def jane(organization: Organization) -> Contact:
    return Contact.objects.create(
        organization=organization, external_id="PAT-77", email="j.doe@Example.com", phone="+48601100041",
        first_name="Jane", last_name="O'Doe-Łęcka",
    )  # fmt: skip


@pytest.fixture
def operator(organization: Organization) -> Client:
    return signed_in(member(organization, "viewer", "victor"))


def found_by(client: Client, text: str) -> dict[str, list[str]]:
    """Return the titles of what is found, by kind."""
    answer = client.get("/admin/search/", {"q": text})
    assert answer.status_code == 200
    kinds = {str(kind): [each.title for each in found] for kind, found in answer.context["others"]}
    people = [person.title for person in answer.context["people"]]
    return kinds | ({"People": people} if people else {})


@pytest.mark.parametrize(
    "text",
    [
        "Jane", "jane", "ANE", "łęcka", "jane o'doe", "  Jane  ŁĘCKA ", "j.doe@example.com", "J.DOE@EXAMPLE.COM",
        "doe@exam", "example.com", "PAT-77", "601 100 041", "+48 601-100-041", "0048601100041", "601100041",
        "+48601100041",
    ],
)  # fmt: skip
def test_a_person_is_found(operator: Client, jane: Contact, text: str) -> None:
    assert found_by(operator, text) == {"People": ["Jane O'Doe-Łęcka"]}


@pytest.mark.parametrize("text", ["Jack", "an", "%", "%%%", "j_doe", "PAT-7", "601 100 042", "\0", "()", "x" * 300])
def test_nobody_is_found(operator: Client, jane: Contact, text: str) -> None:
    assert found_by(operator, text) == {}


def test_a_person_is_found_by_any_id(operator: Client, jane: Contact) -> None:
    for text in (str(jane.pk), jane.pk.hex, public_id(Kind.CONTACT, jane.pk), public_id(Kind.CONTACT_LOOKUP, jane.pk)):
        assert found_by(operator, text) == {"People": ["Jane O'Doe-Łęcka"]}


def test_a_person_comes_with_the_newest_story(operator: Client, jane: Contact, anna: Recipient) -> None:
    page = operator.get("/admin/search/", {"q": "anna"}).content.decode()
    assert f'<a href="/admin/distributor/recipient/{anna.pk}/change/">Spring visits</a>' in page
    assert "sent" in page
    assert "never sent to" in operator.get("/admin/search/", {"q": "jane"}).content.decode()


def test_whom_a_text_names_exactly_comes_first(operator: Client, organization: Organization) -> None:
    for number in range(25):
        Contact.objects.create(organization=organization, external_id=f"X-{number}", first_name="Maria", last_name="Z")
    Contact.objects.create(organization=organization, external_id="Maria", last_name="Zzz")
    people = found_by(operator, "Maria")["People"]
    assert people[0] == "Zzz"
    assert len(people) == 20
    assert "There may be more people." in operator.get("/admin/search/", {"q": "Maria"}).content.decode()


def test_a_recipient_is_found_by_code_link_and_attempt(operator: Client, anna: Recipient) -> None:
    code = anna.code
    attempt = attempt_id(anna.pk, 1)
    for text in (code, f"https://surveys.example/p/{code}", f"/u/{code}/", attempt, f"<{attempt}@surveys.example>"):
        assert found_by(operator, text) == {"Recipients": [code]}, text


def test_everything_else_is_found_by_name_and_id(
    operator: Client,
    distribution: Distribution,
    response: Response,
    survey: Survey,
    templates: dict[Channel, Template],
    accounts: dict[Channel, ProviderAccount],
) -> None:
    assert found_by(operator, "spring")["Distributions"] == ["Spring visits"]
    assert found_by(operator, "your st") == {"Surveys": ["Your stay"]}
    assert found_by(operator, "invit")["Templates"] == [str(templates[channel]) for channel in reversed(Channel)]
    assert len(found_by(operator, "sandbox")["Provider accounts"]) == 3
    for row, kind in ((distribution, Kind.DISTRIBUTION), (survey, Kind.SURVEY), (response, Kind.RESPONSE)):
        assert found_by(operator, str(row.pk)) == found_by(operator, public_id(kind, row.pk)) != {}
    assert found_by(operator, str(accounts[Channel.SMS].pk)) == {"Provider accounts": [str(accounts[Channel.SMS])]}


def test_strangers_find_nothing(jane: Contact, anna: Recipient, survey: Survey) -> None:
    other = Organization.objects.create(name="Other", slug="other", phone_region="PL")
    stranger = signed_in(member(other, "manager", "mona"))
    distribution = anna.distribution
    texts = ["Jane", "601 100 041", "PAT-77", jane.pk, anna.code, attempt_id(anna.pk, 1), survey.pk]
    texts += ["Spring", "Your stay", public_id(Kind.DISTRIBUTION, distribution.pk), public_id(Kind.CONTACT, jane.pk)]
    for text in texts:
        assert found_by(stranger, str(text)) == {}, text


def test_only_what_is_shown_is_searched(organization: Organization, jane: Contact) -> None:
    other = Organization.objects.create(name="Other", slug="other")
    user = member(organization, "viewer", "victor")
    member(other, "viewer", "victor")
    client = signed_in(user)
    assert found_by(client, "Jane")
    client.post("/admin/organization/", {"organization": str(other.pk)})
    assert not found_by(client, "Jane")
    assert "Only Other was searched." in client.get("/admin/search/", {"q": "Jane"}).content.decode()


def test_without_a_text_the_page_says_what_can_be_found(operator: Client) -> None:
    page = operator.get("/admin/search/").content.decode()
    assert "What can be found" in page
    assert "<title>Search | Distributor</title>" in page
    assert "from 3 letters on" in operator.get("/admin/search/", {"q": "Ja"}).content.decode()
    assert 'value="Ja&quot;&gt;"' in operator.get("/admin/search/", {"q": 'Ja">'}).content.decode()


def test_a_part_that_is_everywhere_is_given_up(
    operator: Client, jane: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(by_index, "TIMEOUT", "50ms")
    monkeypatch.setattr(people_module, "_FIND", "SELECT pg_sleep(5)")
    assert "Enter more of it." in operator.get("/admin/search/", {"q": "example.com"}).content.decode()


def test_numbers_are_read_in_the_countries_of_the_organisations() -> None:
    assert phones_of("601 100 041", ["PL", ""]) == ["+48601100041"]
    assert phones_of("0601100041", ["PL", "FR"]) == ["+33601100041"]
    assert phones_of("PAT-601100041", ["PL"]) == phones_of("12345", ["PL"]) == []


def test_parts_are_patterns() -> None:
    assert [Terms(text).part for text in ("jane", "ja", "ja doe", "50%_off\\")] == [
        "%jane%", "", "%ja%doe%", "%50\\%\\_off\\\\%",
    ]  # fmt: skip


@pytest.mark.django_db
def test_the_indexes_are_used() -> None:
    organization = Organization.objects.create(name="Big", slug="big")
    Contact.objects.bulk_create(
        Contact(organization=organization, external_id=f"P-{n}", first_name=f"Name{n}", email=f"p{n}@example.com")
        for n in range(2_000)
    )
    parameters: dict[str, Any] = {
        "organizations": f"{{{organization.pk}}}", "id": None, "text": "jane", "email": "jane@x.y",
        "phones": ["+48601100041"], "part": "%jane%",
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE contacts_contact")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {people_module._FIND}", parameters)
        plan = "\n".join(line for (line,) in cursor.fetchall())
        for index in ("contacts_by_part", "contact_by_email", "contact_by_phone", "one_contact_per_external_id"):
            assert index in plan
        cursor.execute(f"EXPLAIN {others_module._NAMED}", parameters)
        assert "distributions_by_part" in "\n".join(line for (line,) in cursor.fetchall())
