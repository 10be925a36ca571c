from typing import Any

import pytest
from django.test import Client

from channels.models import Template
from contacts.channel import Channel
from contacts.models import Organization
from tests.support.admin_pages import address


def form(organization: Organization, *variants: dict[str, str], channel: str = "email") -> dict[str, Any]:
    data = {"organization": organization.pk, "name": "Welcome", "channel": channel}
    data |= {"variants-TOTAL_FORMS": len(variants), "variants-INITIAL_FORMS": 0}
    for number, variant in enumerate(variants):
        data |= {f"variants-{number}-{name}": value for name, value in variant.items()}
    return data


def test_a_template_is_made_with_its_variants(operator: Client, organization: Organization) -> None:
    english = {"locale": "en", "subject": "Hello", "html": "<p>${link}</p>", "text": "${link}"}
    polish = {"locale": "pl", "subject": "Dzień dobry", "html": "", "text": "${link}"}
    operator.post(address(Template, "add"), form(organization, english, polish))
    template = Template.objects.get()
    assert [variant.locale for variant in template.variants.all()] == ["en", "pl"]


def test_unknown_placeholders_are_named(operator: Client, organization: Organization) -> None:
    variant = {"locale": "en", "subject": "${name}", "html": "${survey}", "text": "${link} ${contact:firstName}"}
    answer = operator.post(address(Template, "add"), form(organization, variant))
    page = answer.content.decode()
    assert "Unknown placeholder ${name}" in page
    assert "Unknown placeholder ${survey}" in page
    assert "Unknown placeholder ${link}" not in page
    assert not Template.objects.exists()


@pytest.mark.parametrize("action", ["add", "change"])
def test_a_channel_has_one_default_template(
    operator: Client, organization: Organization, templates: dict[Channel, Template], action: str
) -> None:
    Template.objects.create(organization=organization, name="First", channel="email", is_default=True)
    place = address(templates[Channel.EMAIL] if action == "change" else Template, action)
    data = form(organization, {"locale": "de", "text": "${link}"})
    answer = operator.post(place, {**data, "is_default": "on"})
    assert "This channel already has another default" in answer.content.decode()
    assert Template.objects.filter(is_default=True).count() == 1


def test_a_template_needs_a_variant(operator: Client, organization: Organization) -> None:
    answer = operator.post(address(Template, "add"), form(organization))
    assert answer.status_code == 200
    assert not Template.objects.exists()


def test_a_locale_has_one_variant(operator: Client, organization: Organization) -> None:
    variant = {"locale": "en", "text": "${link}"}
    answer = operator.post(address(Template, "add"), form(organization, variant, variant, channel="sms"))
    assert "Please correct the duplicate data for locale" in answer.content.decode()
    assert not Template.objects.exists()


def test_the_preview_is_filled_with_samples(operator: Client, templates: dict[Channel, Template]) -> None:
    template = templates[Channel.EMAIL]
    variant = template.variants.get(locale="en")
    variant.subject = "${survey:name} at ${contact:ward|our ward}, room ${contact:room}"
    variant.html = "<p>Hello ${contact:firstName}</p><script>alert(1)</script>"
    variant.save()
    answer = operator.get(address(template, "change"))
    english, polish = answer.context["previews"]
    assert english.subject == "Your survey at our ward, room [room]"
    assert "<p>Hello Anna</p>" in english.html
    assert "/p/Sample000000" in english.text
    assert polish.text.startswith("Dzień dobry Anna")
    page = answer.content.decode()
    assert page.count("<iframe") == 2
    assert "<script>alert(1)" not in page


def test_a_text_message_has_neither_subject_nor_html(operator: Client, templates: dict[Channel, Template]) -> None:
    page = operator.get(address(templates[Channel.SMS], "change")).content.decode()
    assert 'name="variants-0-text"' in page
    assert 'name="variants-0-subject"' not in page
    assert "<iframe" not in page


def test_the_preview_of_an_sms_counts_its_segments(operator: Client, templates: dict[Channel, Template]) -> None:
    template = templates[Channel.SMS]
    template.variants.filter(locale="en").update(text="x" * 161)
    template.variants.filter(locale="pl").update(text="Dzień “dobry”")
    page = operator.get(address(template, "change")).content.decode()
    assert "2 SMS segments: 161 characters in GSM-7." in page
    assert "1 SMS segment: 13 characters in UCS-2, because GSM-7 lacks ń “ ”." in page


def test_other_channels_have_no_segments(operator: Client, templates: dict[Channel, Template]) -> None:
    for channel in (Channel.EMAIL, Channel.WHATSAPP):
        assert "segment" not in operator.get(address(templates[channel], "change")).content.decode()
