"""The editor of templates: texts, preview, findings, “send me this” by real servers, and who may use it."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from channels.models import ProviderAccount, SandboxMessage, Template
from channels.placeholders import EMBEDDED, PLACEHOLDERS
from channels.starting_texts import PHRASES, Sender, starting_texts
from channels.templates import create_template
from contacts.channel import Channel
from contacts.models import Contact, MailingList, Membership, Organization, Suppression
from distributor.models import AuditEntry, Survey
from tests.support.channels.mail_server import MailServer
from tests.support.operators import member, signed_in
from tests.support.page_messages import DISTRIBUTOR
from tests.support.standins.twilio import ACCOUNT_SID, AUTH_TOKEN, TwilioStandIn
from tests.support.strict_pages import strictness_faults
from tests.support.template_editor import ENGLISH, draft, editor, preview


@pytest.fixture
def olga(organization: Organization) -> Client:
    """An operator of ACME."""
    return signed_in(member(organization, "operator", "olga"))


@pytest.fixture
def email(organization: Organization) -> Template:
    return create_template(organization, "Invitation", "email", {"en": ENGLISH}, saved_by="setup")


@pytest.fixture
def sms(organization: Organization) -> Template:
    return create_template(organization, "Text", "sms", {"en": {"text": "${link} STOP"}}, saved_by="setup")


def test_a_new_template_starts_with_the_base_layout(olga: Client, organization: Organization) -> None:
    given = {"organization": organization.pk, "channel": "email", "name": "Visit", "locale": "pl"}
    answer = olga.post(reverse("room-templates"), given)
    template = Template.objects.get()
    assert answer["Location"] == editor(template)
    variant = template.variants.get()
    assert variant.locale == "pl"
    assert '<html lang="pl">' in variant.html
    assert (template.versions.get().saved_by, AuditEntry.objects.get(action="created").object_id) == (
        "olga",
        str(template.pk),
    )
    assert "Visit" in olga.get(reverse("room-templates")).content.decode()


def test_a_template_is_not_made_in_another_organisation(olga: Client) -> None:
    other = Organization.objects.create(name="Birch", slug="birch")
    given = {"organization": other.pk, "channel": "sms", "name": "Visit", "locale": "en"}
    assert olga.post(reverse("room-templates"), given).status_code == 200
    assert not Template.objects.exists()


@pytest.mark.parametrize("channel", list(Channel))
@pytest.mark.parametrize("locale", [*PHRASES, "de"])
def test_the_starting_texts_have_what_a_message_needs(olga: Client, channel: str, locale: str) -> None:
    organization = Organization.objects.get()
    sender = Sender("ACME", "1 Street\nWarsaw", "https://acme.example/l.png", "#8a1538", "https://acme.example/p")
    texts = starting_texts(channel, locale, sender)
    template = create_template(organization, "Start", channel, {locale: texts}, saved_by="setup")
    page = preview(olga, template, locale=locale, **texts)
    assert "Nothing is missing." in page
    if channel == Channel.EMAIL:
        assert "1 Street, Warsaw" in texts["text"]
        for part in ('src="https://acme.example/l.png"', "#8a1538", "prefers-color-scheme: dark", "display:none"):
            assert part in texts["html"]


def test_an_organisations_words_are_escaped_and_become_no_placeholder() -> None:
    texts = starting_texts("email", "en", Sender('<b>"A" ${link}</b> [[button]]', "${unsubscribe}"))
    assert "<b>" not in texts["html"]
    assert "&lt;b&gt;&quot;A&quot; $&#123;link}&lt;/b&gt; [[button]]" in texts["html"]
    assert texts["html"].count("${link}") == texts["text"].count("${link}") == 1
    assert texts["html"].count("${unsubscribe}") == texts["text"].count("${unsubscribe}") == 1


def test_texts_are_saved_as_a_version_and_audited(olga: Client, email: Template) -> None:
    answer = olga.post(editor(email), draft(email, text="Hi\r\n${link}"))
    assert answer.status_code == 302
    assert email.variants.get().text == "Hi\n${link}"
    latest = email.versions.first()
    assert latest is not None
    assert (latest.number, latest.saved_by, latest.texts["en"]["text"]) == (2, "olga", "Hi\n${link}")
    assert AuditEntry.objects.get(action="changed").changes == {"variants": ["…", "…"]}
    olga.post(editor(email), draft(email, text="Hi\n${link}"))
    assert email.versions.count() == 2  # nothing has changed


def test_faults_stand_at_their_field_and_the_draft_stays(olga: Client, email: Template) -> None:
    answer = olga.post(editor(email), draft(email, subject="${name}", text=""))
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "Unknown placeholder ${name}" in page
    assert 'value="${name}"' in page
    assert email.versions.count() == 1
    assert olga.post(editor(email), draft(email, locale="e n")).status_code == 400


def test_a_version_that_somebody_saved_meanwhile_is_not_overwritten(olga: Client, email: Template) -> None:
    stale = draft(email, text="mine ${link}")
    olga.post(editor(email), draft(email, text="theirs ${link}"))
    answer = olga.post(editor(email), stale)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "mine ${link}" in page
    assert email.variants.get().text == "theirs ${link}"
    assert 'name="version" value="2"' in page


def test_languages_are_added_and_removed(olga: Client, email: Template) -> None:
    assert "Dzień dobry" in olga.get(f"{editor(email)}?locale=pl").content.decode()
    olga.post(editor(email), draft(email, locale="pl"))
    olga.post(editor(email), draft(email, act="remove"))
    assert [variant.locale for variant in email.variants.all()] == ["pl"]
    page = olga.post(editor(email), {"act": "remove", "locale": "pl"}, follow=True).content.decode()
    assert "A template needs at least one language." in page


def test_the_preview_shows_the_draft_in_a_sandbox(olga: Client, email: Template) -> None:
    answer = olga.get(reverse("room-template-preview", args=[email.pk]) + "?locale=en")
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "script-src" not in answer["Content-Security-Policy"]
    raw = olga.post(
        reverse("room-template-preview", args=[email.pk]),
        draft(email, html='<script>alert(1)</script><p title="x">${contact:firstName}</p>'),
    ).content.decode()
    assert "<script>" not in raw
    assert 'srcdoc="&lt;script&gt;alert(1)&lt;/script&gt;&lt;p title=&quot;x&quot;&gt;Anna&lt;/p&gt;"' in raw
    assert email.variants.get().html == ENGLISH["html"]


def test_the_preview_takes_a_contacts_values(olga: Client, organization: Organization, email: Template) -> None:
    jane = Contact.objects.create(
        organization=organization, external_id="7", email="Jane@acme.example", phone="+48601100041",
        first_name="<Jane>", embedded_data={"ward": "B"},
    )  # fmt: skip
    text = "${contact:firstName} ${contact:ward} ${contact:title|Dr} ${link} ${unsubscribe}"
    for known in ("7", "jane@ACME.example", "601 100 041", str(jane.pk)):
        assert "<Jane> B Dr http" in preview(olga, email, text=text, contact=known)
    assert "&lt;Jane&gt; B" in preview(olga, email, html=text, contact="7").replace("&amp;", "&")
    page = preview(olga, email, text=text, contact="nobody")
    assert "Nobody is known as “nobody”." in page
    assert "Anna [ward] Dr" in page


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({"html": "<p>Hi ${unsubscribe}</p>"}, "There is no ${link} in the HTML part"),
        ({"text": "Hi ${unsubscribe}"}, "There is no ${link} in the text"),
        ({"html": "${link}", "text": "${link}"}, "There is no ${unsubscribe}."),
        ({"subject": "${name}"}, "${name} is no placeholder."),
        ({"subject": "Hi {{ name }}"}, "{{ name }} is sent as it is."),
        ({"text": "*|FNAME|* ${link}"}, "*|FNAME|* is sent as it is."),
        ({"html": "${link}" + "x" * 105_000}, "Gmail cuts it off"),
    ],
)
def test_findings(olga: Client, email: Template, changes: dict[str, str], finding: str) -> None:
    assert finding in preview(olga, email, **changes)
    assert "Nothing is missing." in preview(olga, email)


def test_segments_and_their_letters_are_counted(olga: Client, sms: Template) -> None:
    page = preview(olga, sms, text="Dzień „dobry” ${link}")
    assert "ń „ ” are not in the SMS alphabet." in page
    assert "1 SMS segment:" in page
    assert "It does not say how to opt out" in page
    assert "2 SMS segments: 1" in preview(olga, sms, text="STOP ${link}" + "x" * 150)


def test_a_missing_language_of_a_survey_is_named(olga: Client, organization: Organization, email: Template) -> None:
    Survey.objects.create(organization=organization, name="Stay", default_locale="pl")
    Survey.objects.create(organization=organization, name="Stay", default_locale="en-GB")
    page = preview(olga, email)
    assert "There is no text in pl, the language of a survey." in page
    assert "en-GB" not in page


def test_what_a_lists_contacts_lack_is_counted(olga: Client, organization: Organization, email: Template) -> None:
    audience = MailingList.objects.create(organization=organization, name="Week 43")
    other = Organization.objects.create(name="Birch", slug="birch")
    foreign = MailingList.objects.create(organization=other, name="Foreign")
    for number, (name, locale) in enumerate([("Ann", "en"), ("", "pl-PL"), ("", "")]):
        contact = Contact.objects.create(
            organization=organization, external_id=str(number), first_name=name, locale=locale
        )
        Membership.objects.create(mailing_list=audience, contact=contact)
    text = "${contact:firstName} ${contact:lastName|guest} ${link}"
    page = preview(olga, email, text=text, list=audience.pk)
    assert "${contact:firstName} is empty for 2 people of “Week 43”, and has no default." in page
    assert "1 person of “Week 43” reads pl-PL" in page
    assert "lastName" not in page
    assert "Foreign" not in preview(olga, email, text=text, list=foreign.pk)
    shown = olga.get(editor(email)).content.decode()
    assert "Week 43" in shown
    assert "Foreign" not in shown


def test_send_me_this_by_a_real_mail_server(olga: Client, organization: Organization, email: Template) -> None:
    with MailServer().running() as server:
        account = ProviderAccount.objects.create(
            organization=organization, name="Relay", kind="smtp", channel="email", from_email="surveys@acme.example",
            configuration={"host": "127.0.0.1", "port": server.port, "security": "none"},
        )  # fmt: skip
        sending = draft(email, act="send", account=account.pk, to="Olga@acme.example", subject="To ${contact:name}")
        page = olga.post(editor(email), sending).content.decode()
        assert "Sent." in page
        [mail] = server.mails
        assert mail.rcpt_tos == ["olga@acme.example"]
        assert "Subject: To Anna Nowak" in str(mail.content)
    assert email.variants.get().subject == "Your stay"
    assert AuditEntry.objects.get(object_type="template").action == "test_sent"
    assert "It did not work this time." in olga.post(editor(email), sending).content.decode()


def test_send_me_this_by_a_real_http_server(olga: Client, organization: Organization, sms: Template) -> None:
    with TwilioStandIn().running() as peer:
        account = ProviderAccount.objects.create(
            organization=organization, name="Twilio", kind="twilio", channel="sms",
            configuration={"baseUrl": peer.url, "from": "+15005550006"},
            credentials={"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN},
        )  # fmt: skip
        sending = draft(sms, act="send", account=account.pk, to="601 234 567", text="Hi ${contact:firstName} ${link}")
        assert "Sent." in olga.post(editor(sms), sending).content.decode()
        assert peer.recipients == ["+48601234567"]
        assert "This is no address" in olga.post(editor(sms), {**sending, "to": "olga"}).content.decode()


def test_nobody_who_said_no_gets_it(
    olga: Client, organization: Organization, email: Template, accounts: dict[Channel, ProviderAccount]
) -> None:
    Suppression.objects.create(organization=organization, channel="email", address="no@acme.example", reason="manual")
    sending = draft(email, act="send", account=accounts[Channel.EMAIL].pk, to="no@acme.example")
    assert "this address is suppressed" in olga.post(editor(email), sending).content.decode()
    assert not SandboxMessage.objects.exists()
    other = Organization.objects.create(name="Birch", slug="birch")
    ProviderAccount.objects.filter(pk=accounts[Channel.EMAIL].pk).update(name="Moved")
    foreign = ProviderAccount.objects.create(organization=other, name="Foreign", kind="sandbox", channel="email")
    assert "Choose an account" in olga.post(editor(email), {**sending, "account": foreign.pk}).content.decode()


def test_a_viewer_reads_and_others_see_nothing(organization: Organization, email: Template) -> None:
    viewer = signed_in(member(organization, "viewer", "victor"))
    places = [
        editor(email),
        reverse("room-template-preview", args=[email.pk]),
        reverse("room-template-versions", args=[email.pk]),
        reverse("room-template-version", args=[email.pk, 1]),
    ]
    assert [viewer.get(place).status_code for place in places] == [200] * 4
    assert 'value="save"' not in viewer.get(editor(email)).content.decode()
    assert viewer.post(editor(email), draft(email, text="x")).status_code == 403
    assert viewer.post(places[3]).status_code == 403
    assert viewer.post(reverse("room-templates"), {}).status_code == 403
    other = Organization.objects.create(name="Birch", slug="birch")
    stranger = signed_in(member(other, "manager", "mona"))
    assert [stranger.get(place).status_code for place in places] == [404] * 4
    assert stranger.post(editor(email), draft(email)).status_code == 404
    assert email.versions.count() == 1


def test_pages_are_strict_and_their_queries_bounded(
    olga: Client, email: Template, django_assert_max_num_queries: Any
) -> None:
    for place in (reverse("room-templates"), editor(email), reverse("room-template-versions", args=[email.pk])):
        with django_assert_max_num_queries(18):
            answer = olga.get(place)
        assert not strictness_faults(answer, place)


def test_the_documented_placeholders_are_those_of_the_table() -> None:
    documented = (DISTRIBUTOR.parent / "docs" / "templates.md").read_text(encoding="utf-8")
    rows = [f"| `{each.example.replace('|', chr(92) + '|')}` | {each.meaning} |" for each in [*PLACEHOLDERS, EMBEDDED]]
    assert "\n".join(rows) in documented
