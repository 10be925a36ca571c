"""Branding of recipients' pages, and the texts of surveys by language."""

from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from channels.starting_texts import sender_of
from contacts.colors import DARK_SURFACE, READABLE, WHITE, contrast, ink_on, mix, readable_on
from contacts.models import Branding, Organization
from contacts.models.branding import MAX_LOGO_BYTES, image_type
from distributor.models import AuditEntry, Survey
from tests.support.journeys import make_contact, make_sent_journey, make_survey
from tests.support.operators import member, signed_in
from tests.support.strict_pages import strictness_faults

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
MAROON = "#8a1538"


@pytest.fixture
def mona(organization: Organization) -> Client:
    """The manager of ACME."""
    return signed_in(member(organization, "manager", "mona"))


def place(organization: Organization) -> str:
    return reverse("room-branding", args=[organization.pk])


def settings_of(**changes: Any) -> dict[str, Any]:
    given = {"logo_url": "", "color": MAROON, "privacy_url": "https://acme.example/privacy", "postal_address": "1 St"}
    return given | changes


def logo(content: bytes = PNG) -> SimpleUploadedFile:
    return SimpleUploadedFile("logo.png", content, "image/png")


def test_branding_is_saved_and_audited(mona: Client, organization: Organization) -> None:
    assert mona.get(reverse("room-brandings"))["Location"] == place(organization)
    assert mona.post(place(organization), settings_of(logo=logo())).status_code == 302
    branding = Branding.objects.get()
    assert (branding.color, bytes(branding.logo or b""), branding.logo_type) == (MAROON, PNG, "image/png")
    changes = AuditEntry.objects.get(object_type="branding").changes
    assert changes["privacy_url"] == ["", "…"]
    assert "PNG" not in str(changes)
    sender = sender_of(organization)
    assert (sender.color, sender.postal_address) == (MAROON, "1 St")
    assert sender.logo_url.endswith(f"/logo/{branding.logo_digest}")
    page = mona.get(place(organization))
    assert not strictness_faults(page, "branding")
    mona.post(place(organization), settings_of(drop_logo="on"))
    assert Branding.objects.get().logo is None


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"color": "#ffcc00"}, "The nearest colour that can be used is"),
        ({"color": "red"}, "six hexadecimal digits"),
        ({"logo_url": "http://acme.example/l.png"}, "begins with https://"),
        ({"privacy_url": "javascript:alert(1)"}, "Enter a valid URL"),
        ({"logo": b"<svg xmlns='http://www.w3.org/2000/svg'/>"}, "This is no PNG, JPEG, GIF or WebP image."),
        ({"logo": PNG + b"\0" * MAX_LOGO_BYTES}, "The logo is larger than 200 KB."),
    ],
)
def test_what_cannot_be_used_is_refused(
    mona: Client, organization: Organization, changes: dict[str, Any], fault: str
) -> None:
    given = {name: logo(value) if isinstance(value, bytes) else value for name, value in changes.items()}
    answer = mona.post(place(organization), settings_of(**given))
    assert answer.status_code == 400
    page = answer.content.decode()
    assert fault in page
    assert "1 St" in page  # what was entered stays
    assert not Branding.objects.exists()


def test_a_form_from_elsewhere_is_refused(organization: Organization) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(member(organization, "manager", "mona"))
    assert client.post(place(organization), settings_of(logo=logo())).status_code == 403
    assert not Branding.objects.exists()


def test_the_database_refuses_it_too(organization: Organization) -> None:
    bad: list[dict[str, Any]] = [
        {"color": "red"},
        {"logo": PNG},
        {"logo": b"\0" * (MAX_LOGO_BYTES + 1), "logo_type": "image/png", "logo_digest": "a"},
    ]
    for values in bad:
        with pytest.raises(IntegrityError), transaction.atomic():
            Branding.objects.create(organization=organization, **values)


def test_managers_change_and_others_see_nothing(organization: Organization) -> None:
    other = Organization.objects.create(name="Birch", slug="birch")
    for where, role, get, post in (
        (organization, "viewer", 200, 403),
        (organization, "operator", 200, 403),
        (other, "manager", 404, 404),
    ):
        client = signed_in(member(where, role, f"{where.slug}-{role}"))
        assert client.get(place(organization)).status_code == get
        assert client.post(place(organization), settings_of()).status_code == post, role
    assert not Branding.objects.exists()


def test_recipients_pages_show_it(client: Client) -> None:
    survey = make_survey()
    branding = Branding(organization=survey.organization, color=MAROON, privacy_url="https://acme.example/privacy")
    branding.take_logo(PNG)
    branding.save()
    recipient = make_sent_journey(survey, make_contact(survey.organization))
    visitor = Client()
    for path in (f"/p/{recipient.code}", f"/u/{recipient.code}"):
        page = visitor.get(path).content.decode()
        assert f'<img src="/logo/{branding.logo_digest}"' in page
        assert '<link rel="stylesheet" href="/brand/8a1538.css">' in page
        assert 'href="https://acme.example/privacy"' in page
    visitor.post(f"/p/{recipient.code}", {"score": "9"})
    assert "https://acme.example/privacy" in visitor.get(f"/p/{recipient.code}/thanks").content.decode()
    closed = visitor.get(f"/p/{recipient.code}").content.decode()
    assert "acme.example" not in closed
    assert "/logo/" not in closed


def test_a_logo_elsewhere_is_allowed_from_its_host_only(db: None) -> None:
    survey = make_survey()
    Branding.objects.create(organization=survey.organization, logo_url="https://cdn.acme.example/l.png?a=1;b")
    recipient = make_sent_journey(survey, make_contact(survey.organization))
    policy = Client().get(f"/p/{recipient.code}")["Content-Security-Policy"]
    assert "img-src 'self' data: https://cdn.acme.example; form-action" in policy


def test_the_logo_is_served_as_an_image_that_stays(organization: Organization) -> None:
    branding = Branding(organization=organization)
    branding.take_logo(PNG)
    branding.save()
    answer = Client().get(f"/logo/{branding.logo_digest}")
    assert (answer.content, answer["Content-Type"]) == (PNG, "image/png")
    assert "immutable" in answer["Cache-Control"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert Client().get("/logo/" + "0" * 32).status_code == 404


def test_the_stylesheet_can_be_read_in_both_themes() -> None:
    sheet = Client().get("/brand/8a1538.css")
    assert sheet["Content-Type"] == "text/css"
    assert f"--accent: {MAROON}; --on-accent: #ffffff" in sheet.content.decode()
    assert Client().get("/brand/red.css").status_code == 404
    for color in ("#8a1538", "#ffcc00", "#000000", "#ffffff", "#00ff00"):
        for ground in (WHITE, DARK_SURFACE):
            shade = readable_on(color, ground)
            assert contrast(shade, ground) >= READABLE
            assert contrast(ink_on(shade), shade) >= READABLE


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast("#000000", WHITE) == pytest.approx(21)
    assert contrast("#777777", WHITE) == pytest.approx(4.48, abs=0.01)
    assert contrast(WHITE, "#777777") == contrast("#777777", WHITE)
    assert mix("#000000", WHITE, 0.5) == "#808080"


def test_images_are_known_by_their_first_bytes() -> None:
    starts = {b"\xff\xd8\xff\xe0": "image/jpeg", b"GIF89a": "image/gif", b"RIFF\0\0\0\0WEBP": "image/webp"}
    assert {start: image_type(start) for start in starts} == starts
    assert image_type(BytesIO(b"<!DOCTYPE html>").read()) == ""


def texts_place(survey: Survey) -> str:
    return reverse("room-survey-texts", args=[survey.pk])


def test_texts_of_a_survey_are_edited_by_language(mona: Client, survey: Survey) -> None:
    assert mona.post(texts_place(survey), {"locale": "en", "question": "Clean?", "low_end": "No"}).status_code == 302
    mona.post(texts_place(survey), {"locale": "pl", "question": "Czysto?", "thank_you_message": "Dzięki\r\n!"})
    survey.refresh_from_db()
    assert survey.question == "Clean?"
    assert survey.texts == {
        "en": {"low_end": "No"},
        "pl": {"question": "Czysto?", "thank_you_message": "Dzięki\n!"},
    }
    assert (survey.texts_for("en")["low_end"], survey.texts_for("pl")["question"]) == ("No", "Czysto?")
    page = mona.get(texts_place(survey), {"locale": "pl"})
    assert 'value="Czysto?"' in page.content.decode()
    assert not strictness_faults(page, "texts")
    assert AuditEntry.objects.filter(object_type="survey").count() == 2
    mona.post(texts_place(survey), {"locale": "pl"})
    survey.refresh_from_db()
    assert list(survey.texts) == ["en"]
    assert mona.post(texts_place(survey), {"locale": "p l", "question": "?"}).status_code == 400


def test_the_page_is_shown_as_it_stands_in_the_form(mona: Client, survey: Survey) -> None:
    Branding.objects.create(organization=survey.organization, color=MAROON)
    preview = reverse("room-survey-preview", args=[survey.pk])
    answer = mona.post(preview, {"locale": "pl", "question": "<b>Czysto?</b>", "high_end": "10 – tak"})
    page = answer.content.decode()
    assert "&lt;b&gt;Czysto?&lt;/b&gt;" in page
    assert "10 – tak" in page
    assert '<html lang="pl">' in page
    assert "/brand/8a1538.css" in page
    assert answer["Content-Security-Policy"].endswith("; sandbox")
    thanks = mona.post(f"{preview}?page=thanks", {"locale": "pl", "thank_you_message": "Dzięki!"}).content.decode()
    assert "Dzięki!" in thanks
    assert "Czysto" not in thanks
    survey.refresh_from_db()
    assert survey.texts == {}
    assert "Czysto" not in mona.get(preview, {"locale": "pl"}).content.decode()


def test_texts_are_for_operators_of_the_organisation(organization: Organization, survey: Survey) -> None:
    other = Organization.objects.create(name="Birch", slug="birch")
    for where, role, get, post in ((organization, "viewer", 200, 403), (other, "manager", 404, 404)):
        client = signed_in(member(where, role, f"{where.slug}-{role}"))
        assert client.get(texts_place(survey)).status_code == get
        assert client.post(texts_place(survey), {"locale": "en"}).status_code == post
        assert client.get(reverse("room-survey-preview", args=[survey.pk])).status_code == get
