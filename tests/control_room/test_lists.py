"""Lists in the control room: members, counts, adding, taking off, and the lists that sends made."""

import re
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.models import Contact, MailingList, Membership, Organization, OrganizationMember
from distributor.engine.acceptance.accept import accept
from distributor.engine.infrastructure.clock import database_now
from distributor.models import AuditEntry, Distribution, ListConnection, Survey
from distributor.rules.requests import DistributionRequest, StepRequest
from tests.support.operators import member, signed_in
from tests.support.strict_pages import strictness_faults


@pytest.fixture
def automatic(
    organization: Organization,
    survey: Survey,
    accounts: dict[Channel, ProviderAccount],
    templates: dict[Channel, Template],
) -> MailingList:
    """The list of a send to somebody whom the call gave."""
    step = StepRequest(Channel.EMAIL, accounts[Channel.EMAIL].pk, templates[Channel.EMAIL].pk)
    order = DistributionRequest("quick", survey.pk, [{"email": "ann@example.com"}], [step], name="Quick one")
    accept(organization, None, order, database_now())
    return MailingList.objects.get(name="Quick one")


def text_of(answer: Any) -> str:
    return unescape(answer.content.decode())


def test_lists_are_shown_with_their_counts(
    operator: Client, audience: MailingList, automatic: MailingList, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(10):
        answer = operator.get("/admin/lists/")
    page = text_of(answer)
    assert not strictness_faults(answer, "lists")
    assert re.search(r"Ward B</a>.*?>2\s*</td>", page, re.DOTALL)
    assert "Quick one" not in page
    asked_for = text_of(operator.get("/admin/lists/", {"automatic": "1"}))
    assert "Quick one" in asked_for
    assert "Ward B" not in asked_for
    assert "Ward B" not in text_of(operator.get("/admin/lists/", {"name": "ward c"}))
    assert "Ward B" in text_of(operator.get("/admin/lists/", {"name": "ward"}))


def test_long_lists_of_lists_and_members_have_pages(
    operator: Client, organization: Organization, monkeypatch: pytest.MonkeyPatch, audience: MailingList
) -> None:
    monkeypatch.setattr("distributor.control_room.sends.lists.PAGE", 1)
    monkeypatch.setattr("distributor.control_room.sends.lists.MEMBERS", 1)
    MailingList.objects.create(organization=organization, name="Ward C")
    page = text_of(operator.get("/admin/lists/", {"name": "Ward"}))
    assert "?start=1&name=Ward" in page
    assert "Ward C" in text_of(operator.get("/admin/lists/", {"start": "1"}))
    first = text_of(operator.get(f"/admin/lists/{audience.pk}/"))
    after = re.search(r"\?after=([0-9a-f-]+)", first)
    assert after
    second = text_of(operator.get(f"/admin/lists/{audience.pk}/", {"after": after[1]}))
    assert ("p1@example.com" in first) != ("p1@example.com" in second)
    assert "?after=" not in second


def test_members_are_found_by_what_they_are_known_by(operator: Client, audience: MailingList) -> None:
    Contact.objects.filter(email="p1@example.com").update(external_id="PAT-1")
    for query in ("P1@example.com", "600 000 001", "PAT-1"):
        page = text_of(operator.get(f"/admin/lists/{audience.pk}/", {"q": query}))
        assert "p1@example.com" in page.replace(f'value="{query}"', "")
        assert "p2@example.com" not in page
    assert "Nobody on the list has exactly this." in text_of(
        operator.get(f"/admin/lists/{audience.pk}/", {"q": "nobody@example.com"})
    )


def test_people_are_put_on_a_list_and_sent_nothing(operator: Client, audience: MailingList, survey: Survey) -> None:
    ListConnection.objects.create(mailing_list=audience, survey=survey)
    assert "people added over the API are invited" in text_of(operator.get(f"/admin/lists/{audience.pk}/"))
    file = SimpleUploadedFile("people.csv", b"email,ward\nP1@example.com,B\nnew@example.com,C\n")
    answer = operator.post(f"/admin/lists/{audience.pk}/add/", {"file": file}, follow=True)
    assert "1 person was put on the list." in text_of(answer)
    assert Membership.objects.filter(mailing_list=audience).count() == 3
    assert Contact.objects.get(email="new@example.com").embedded_data == {"ward": "C"}
    assert Distribution.objects.count() == 0
    entry = AuditEntry.objects.get(action="members_added")
    assert (entry.object_id, entry.actor_name) == (str(audience.pk), "ada")


def test_faulty_people_are_named_and_nobody_is_added(operator: Client, audience: MailingList) -> None:
    page = text_of(operator.post(f"/admin/lists/{audience.pk}/add/", {"people": "email\nann@\nbob@\n"}))
    assert "Line 2, e-mail: “ann@” is not an e-mail address." in page
    assert "Line 3, e-mail: “bob@” is not an e-mail address." in page
    assert "Give at least one person." in text_of(operator.post(f"/admin/lists/{audience.pk}/add/", {"people": " "}))
    both = {"people": "ann@example.com", "file": SimpleUploadedFile("people.csv", b"bob@example.com")}
    assert "not both" in text_of(operator.post(f"/admin/lists/{audience.pk}/add/", both))
    crowded = ",".join(f"k{number}" for number in range(201))
    crowded = f"email,{crowded}\nann@example.com{',x' * 201}"
    assert "Too many columns of data" in text_of(operator.post(f"/admin/lists/{audience.pk}/add/", {"people": crowded}))
    assert Membership.objects.count() == 2


def test_people_are_taken_off_after_a_question(operator: Client, audience: MailingList) -> None:
    person = Contact.objects.get(email="p1@example.com")
    address = f"/admin/lists/{audience.pk}/remove/"
    page = text_of(operator.post(address, {"person": [person.pk]}))
    assert "Take 1 person off the list Ward B?" in page
    assert Membership.objects.count() == 2
    answer = operator.post(address, {"person": [person.pk], "confirmed": "yes"}, follow=True)
    assert "1 person was taken off the list." in text_of(answer)
    assert [row.contact.email for row in Membership.objects.all()] == ["p2@example.com"]
    assert Contact.objects.filter(pk=person.pk).exists()
    assert AuditEntry.objects.get(action="members_removed").object_id == str(audience.pk)
    answer = operator.post(address, {"person": [person.pk, "x"], "confirmed": "yes"}, follow=True)
    assert "Choose the people" in text_of(answer)


def test_a_list_is_made_once_however_often_the_form_is_posted(operator: Client, organization: Organization) -> None:
    page = text_of(operator.get("/admin/lists/new/"))
    key = page.partition('name="key" value="')[2].partition('"')[0]
    form = {"key": key, "name": "Ward D", "people": "ann@example.com\n+48600000009\n"}
    first, second = operator.post("/admin/lists/new/", form), operator.post("/admin/lists/new/", form)
    made = MailingList.objects.get()
    assert first["Location"] == second["Location"] == f"/admin/lists/{made.pk}/"
    assert (made.name, made.organization, made.is_automatic, made.memberships.count()) == (
        "Ward D",
        organization,
        False,
        2,
    )
    page = text_of(operator.post("/admin/lists/new/", {"key": key, "name": "", "people": "x"}))
    assert "This field is required." in page
    assert "“x” is neither an e-mail address nor a phone number." in page


def test_viewers_look_and_strangers_see_nothing(
    operator: Client, organization: Organization, audience: MailingList
) -> None:
    viewer = signed_in(member(organization, "viewer", "vic"))
    birch = Organization.objects.create(name="Birch", slug="birch")
    stranger = signed_in(member(birch, "manager", "bob"))
    address, person = f"/admin/lists/{audience.pk}/", Contact.objects.all()[0]
    page = text_of(viewer.get(address))
    assert "p1@example.com" in page
    assert "Put people on the list" not in page
    for client, status in ((viewer, 403), (stranger, 404)):
        assert client.post(f"{address}add/", {"people": "x@example.com"}).status_code == status
        assert client.post(f"{address}remove/", {"person": person.pk, "confirmed": "yes"}).status_code == status
    assert viewer.get("/admin/lists/new/").status_code == 403
    assert stranger.get(address).status_code == 404
    assert "Ward B" not in text_of(stranger.get("/admin/lists/"))
    theirs = {"key": audience.pk, "name": "Mine", "organization": birch.pk}
    assert stranger.post("/admin/lists/new/", theirs).status_code == 403
    theirs = {"key": person.pk, "name": "Mine", "organization": organization.pk}
    assert stranger.post("/admin/lists/new/", theirs).status_code == 403
    OrganizationMember.objects.all().delete()
    assert operator.get("/admin/lists/").status_code == 403
    assert Membership.objects.count() == 2
    assert MailingList.objects.count() == 1


def test_tables_and_their_pickers_hide_lists_of_sends(
    operator: Client, audience: MailingList, automatic: MailingList
) -> None:
    table = "/admin/contacts/mailinglist/"
    assert "Ward B" in text_of(operator.get(table))
    assert "Quick one" not in text_of(operator.get(table))
    assert "Quick one" in text_of(operator.get(table, {"made_by": "sends"}))
    assert "Quick one" in text_of(operator.get(table, {"made_by": "all"}))
    assert operator.get(f"{table}{automatic.pk}/change/").status_code == 200
    picker = {"app_label": "distributor", "model_name": "recurringdistribution", "field_name": "mailing_list"}
    found = operator.get("/admin/autocomplete/", {**picker, "term": ""}).json()["results"]
    assert [each["text"] for each in found] == ["Ward B"]
    found = operator.get("/admin/autocomplete/", {**picker, "term": str(automatic.pk)}).json()["results"]
    assert [each["text"] for each in found] == ["Quick one"]


def test_an_automatic_list_becomes_one_like_any_other(operator: Client, automatic: MailingList) -> None:
    operator.post(f"/admin/lists/{automatic.pk}/add/", {"people": "bob@example.com"})
    automatic.refresh_from_db()
    assert not automatic.is_automatic
    assert "Quick one" in text_of(operator.get("/admin/lists/"))
