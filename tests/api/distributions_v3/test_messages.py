"""Messages of the library: templates as lists-and-links clients read and write them."""

from typing import Any

import pytest
from django.test import Client

from channels.models import SandboxMessage, Template, TemplateVariant, TemplateVersion
from channels.plain_text import plain_text
from contacts.channel import Channel
from contacts.models import Organization
from distributor.api.dialects.distributions_v3.faults import read_body
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.dialects.distributions_v3.library import messages
from distributor.api.dialects.distributions_v3.piped_text import from_placeholders, to_placeholders
from distributor.models import AuditEntry
from tests.support.api.lists_and_links import call, elements_of, error_of, faults_of, is_id, result_of
from tests.support.engine.people import dispatch

HTML = "<p>Hello ${m://FirstName} of ${e://Field/ward},</p><p>${l://SurveyLink?d=Take%20part}</p>"


@pytest.fixture
def library(organization: Organization) -> str:
    return f"libraries/{public_id(Kind.LIBRARY, organization.pk)}/messages"


def test_a_message_is_made_shown_changed_and_deleted(client: Client, library: str) -> None:
    body = {"description": "Your stay", "category": "reminder", "messages": {"EN": HTML, "pl": "${l://SurveyURL}"}}
    answer = result_of(call(client, "POST", f"{library}/", body))
    assert set(answer) == {"id"}
    assert is_id("MS", answer["id"])
    row = Template.objects.get()
    texts = {variant.locale: (variant.subject, variant.html, variant.text) for variant in row.variants.all()}
    link = '<p><a href="${link}">Take part</a></p>'
    assert texts == {
        "en": (
            "Your stay",
            f"<p>Hello ${{contact:firstName}} of ${{contact:ward}},</p>{link}",
            "Hello ${contact:firstName} of ${contact:ward},\nTake part: ${link}",
        ),
        "pl": ("Your stay", "", "${link}"),
    }
    one = f"{library}/{answer['id']}"
    piped = '<p><a href="${l://SurveyURL}">Take part</a></p>'
    expected = {
        "id": answer["id"],
        "description": "Your stay",
        "category": "reminder",
        "channel": "email",
        "messages": {
            "en": f"<p>Hello ${{m://FirstName}} of ${{e://Field/ward}},</p>{piped}",
            "pl": "${l://SurveyURL}",
        },
    }
    assert result_of(call(client, "GET", f"{one}/")) == expected
    changed = call(
        client, "PUT", one, {"description": "Your visit", "messages": {"en": "Hi", "pl": None, "DE": "Hallo"}}
    )
    assert (changed.status_code, set(changed.json())) == (200, {"meta"})
    assert result_of(call(client, "GET", one)) == {
        **expected,
        "description": "Your visit",
        "messages": {"de": "Hallo", "en": "Hi"},
    }
    assert {variant.subject for variant in row.variants.all()} == {"Your visit"}
    assert TemplateVersion.objects.filter(template=row).count() == 2
    deleted = call(client, "DELETE", one)
    assert (deleted.status_code, set(deleted.json())) == (200, {"meta"})
    error_of(call(client, "GET", one), "404 - Not Found")
    audited = AuditEntry.objects.filter(object_id=str(row.pk)).order_by("pk").values_list("action", flat=True)
    assert list(audited) == ["created", "changed", "deleted"]


def test_a_change_keeps_the_subject_and_the_spelling_of_a_locale(
    client: Client, library: str, templates: dict[Channel, Template]
) -> None:
    template = templates[Channel.EMAIL]
    template.variants.create(locale="pt-BR", subject="Sua estadia", html="<p>a</p>", text="a")
    one = f"{library}/{public_id(Kind.MESSAGE, template.pk)}"
    assert "pt-br" in result_of(call(client, "GET", one))["messages"]
    assert call(client, "PUT", one, {"messages": {"pt-br": "<p>b</p>"}}).status_code == 200
    variant = template.variants.get(locale="pt-BR")
    assert (variant.subject, variant.html, variant.text) == ("Sua estadia", "<p>b</p>", "b")
    languages = dict.fromkeys(result_of(call(client, "GET", one))["messages"])
    assert faults_of(call(client, "PUT", one, {"messages": languages})) == [("/messages", "no_variant_left")]


def test_a_change_of_the_description_keeps_texts_that_were_changed_meanwhile(
    client: Client, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"description": "Your stay", "category": "invite", "messages": {"en": "Old"}}
    one = f"{library}/{result_of(call(client, 'POST', library, body))['id']}"

    def change_texts_meanwhile(*given: Any, **options: Any) -> Any:
        TemplateVariant.objects.filter(text="Old").update(text="New")
        return read_body(*given, **options)

    monkeypatch.setattr(messages, "read_body", change_texts_meanwhile)
    assert call(client, "PUT", one, {"description": "Your visit"}).status_code == 200
    assert TemplateVariant.objects.filter(text="New", subject="Your visit").exists()


def test_a_message_is_sent(client: Client, library: str, send_body: dict[str, Any], crowd: list[Any]) -> None:
    body = {"description": "Your stay", "category": "invite", "messages": {"en": HTML}}
    message_id = result_of(call(client, "POST", library, body))["id"]
    result_of(
        call(
            client,
            "POST",
            "distributions",
            {"message": {"messageId": message_id}, **{name: send_body[name] for name in ("recipients", "surveyLink")}},
        )
    )
    dispatch()
    sent = SandboxMessage.objects.first()
    assert sent is not None
    assert sent.subject == "Your stay"
    assert "Take part</a>" in sent.html
    assert "Take part: http" in sent.text
    error = error_of(call(client, "DELETE", f"{library}/{message_id}"), "409 - Conflict")
    assert error["errorCode"] == "template_in_use"
    assert Template.objects.filter(variants__subject="Your stay").exists()


def test_messages_are_filtered_by_category(client: Client, library: str, templates: dict[Channel, Template]) -> None:
    made = {
        category: result_of(
            call(client, "POST", library, {"description": category, "category": category, "messages": {"en": "Hi"}})
        )["id"]
        for category in ("invite", "reminder", "thankYou", "general", "smsInvite")
    }

    def find(category: str) -> set[str]:
        return {element["id"] for element in elements_of(call(client, "GET", f"{library}?category={category}"))}

    old = {channel: public_id(Kind.MESSAGE, template.pk) for channel, template in templates.items()}
    assert find("invite") == {made["invite"], old[Channel.EMAIL]}
    assert find("smsInvite") == {made["smsInvite"], old[Channel.SMS], old[Channel.WHATSAPP]}
    for category in ("reminder", "thankYou", "general"):
        assert find(category) == {made[category]}
    assert find("endOfSurvey") == set()
    assert find("") == {*made.values(), *old.values()}
    shown = result_of(call(client, "GET", f"{library}/{made['smsInvite']}"))
    assert (shown["category"], shown["channel"], shown["messages"]) == ("smsInvite", "sms", {"en": "Hi"})
    assert faults_of(call(client, "GET", f"{library}?category=x")) == [("?category", "literal_error")]


def test_every_fault_of_a_message_is_named(client: Client, library: str) -> None:
    wrong = {
        "description": "a\nb",
        "category": "endOfSurvey",
        "messages": {"en": "${q://QID1}", "EN": "x", "pl": "${nothing}"},
        "subject": "x",
    }
    assert sorted(faults_of(call(client, "POST", library, wrong))) == [
        ("/category", "unsupported_category"),
        ("/description", "not_one_line"),
        ("/messages/EN", "locale_twice"),
        ("/messages/en", "unknown_placeholder"),
        ("/messages/pl", "unknown_placeholder"),
        ("/subject", "extra_forbidden"),
    ]
    assert {pointer for pointer, _ in faults_of(call(client, "POST", library, {"messages": {}}))} == {
        "/category",
        "/description",
        "/messages",
    }
    assert not Template.objects.exists()


def test_another_organisations_messages_are_not_found(client: Client, library: str) -> None:
    other = Organization.objects.create(name="Other", slug="other")
    template = Template.objects.create(organization=other, name="Theirs", channel="sms")
    message_id, theirs = public_id(Kind.MESSAGE, template.pk), f"libraries/{public_id(Kind.LIBRARY, other.pk)}/messages"
    for base in (library, theirs):
        for method in ("GET", "PUT", "DELETE"):
            error_of(call(client, method, f"{base}/{message_id}", {"description": "X"}), "404 - Not Found")
    error_of(call(client, "GET", theirs), "404 - Not Found")
    assert Template.objects.get().name == "Theirs"


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("${l://SurveyURL}", "${link}"),
        ("${l://OptOutURL}", "${unsubscribe}"),
        ("${m://LastName}", "${contact:lastName}"),
        ("${m://ExternalDataReference}", "${contact:externalId}"),
        ("${e://Field/Ward B}", "${contact:Ward B}"),
        ("${intro}", "${intro}"),
        ("${contact:firstName|there}", "${contact:firstName|there}"),
    ],
)
def test_piped_text_is_read_and_written_back(theirs: str, ours: str) -> None:
    assert (to_placeholders(theirs, is_html=True), from_placeholders(ours)) == (ours, theirs)


def test_links_of_piped_text() -> None:
    assert to_placeholders("${l://OptOutLink?d=A & B}", is_html=True) == '<a href="${unsubscribe}">A &amp; B</a>'
    assert to_placeholders("${l://SurveyLink}", is_html=True) == '<a href="${link}">${link}</a>'
    assert to_placeholders("${l://SurveyLink?d=Go}", is_html=False) == "${link}"
    assert to_placeholders("${m://Email1} ${m://Shoes}", is_html=False) == "${contact:email} ${m://Shoes}"


def test_plain_text_is_what_a_reader_sees() -> None:
    html = (
        "<html><head><title>T</title><style>p {}</style></head><body><h1>Hi&nbsp;&amp; bye</h1>\n<p>One\n two</p>"
        '<ul><li>A</li><li><a href="https://x.example/">https://x.example/</a></li></ul>'
        '<a href="${link}"><img src="b.png"></a></body></html>'
    )
    assert plain_text(html) == "Hi & bye\nOne two\nA\nhttps://x.example/\n${link}"
