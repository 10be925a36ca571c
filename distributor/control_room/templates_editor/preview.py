"""The preview: a document of its own, shown in a sandboxed frame beside the form.

The form is sent to it by its “Preview” button, and by the script while somebody types. So it shows what is not saved.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from channels.models import ProviderAccount, Template
from channels.placeholders import BY_KEY
from channels.rendering import CompiledVariant, encode_html, encode_subject
from channels.segments import Segmentation, segment_text
from contacts.channel import Channel
from contacts.models import Contact
from distributor.control_room.layout.formats import format_money
from distributor.control_room.layout.room import Room, room_page
from distributor.control_room.templates_editor.audience import lacks_of
from distributor.control_room.templates_editor.draft import (
    DraftForm,
    compiled,
    stored_texts,
    texts_to_begin_with,
)
from distributor.control_room.templates_editor.findings import (
    findings_of,
    findings_of_list,
    findings_of_locales,
    findings_of_segments,
)
from distributor.control_room.templates_editor.rows import find_contact, find_list, find_template
from distributor.engine.route.message_values import ContactReader, contact_values

_SAMPLE_CODE: Final = "Sample000000"


@dataclass(frozen=True, slots=True)
class Filled:
    """A message as somebody would receive it."""

    subject: str
    html: str
    text: str
    segmentation: Segmentation | None
    price: str  # of its segments; "" if unknown


@room_page
@require_http_methods(["GET", "POST"])
def show_preview(request: HttpRequest, room: Room, template_id: UUID) -> HttpResponse:
    """Show a locale's message with a contact's values, or with samples, and what is wrong with it. Writes nothing."""
    template = find_template(room, template_id)
    given = request.POST if request.method == "POST" else request.GET
    locale = given.get("locale", "")[:35]
    if request.method == "POST":
        texts = DraftForm(template, request.POST).texts
    else:
        texts = stored_texts(template, locale) or texts_to_begin_with(template, locale)
    variant = compiled(locale, texts)
    contact = find_contact(template, given.get("contact", ""))
    filled = fill(template, variant, contact)
    context = {
        "template": template,
        "locale": locale,
        "filled": filled,
        "contact": contact,
        "unknown_contact": given.get("contact", "") if contact is None else "",
        "findings": _findings(template, texts, variant, filled, given),
    }
    answer = render(request, "control_room/templates_editor/preview.html", context)
    answer["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'unsafe-inline'; img-src https: data: {settings.PUBLIC_BASE_URL}; "
        "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox"
    )
    answer["Cache-Control"] = "no-store"
    return answer


def _findings(
    template: Template, texts: dict[str, str], variant: CompiledVariant, filled: Filled, given: Mapping[str, str]
) -> list[str]:
    locales = list(template.variants.values_list("locale", flat=True))
    found = [
        *findings_of(template, texts, variant),
        *findings_of_segments(filled.segmentation),
        *findings_of_locales(template, [*locales, variant.locale]),
    ]
    if audience := find_list(template, given.get("list", "")):
        found += findings_of_list(str(audience), lacks_of(audience, variant, [*locales, variant.locale]))
    return found


def fill(template: Template, variant: CompiledVariant, contact: Contact | None) -> Filled:
    """Fill the texts with a contact's values, or with samples."""
    values = values_for(variant, contact) | {
        "link": f"{settings.PUBLIC_BASE_URL}/p/{_SAMPLE_CODE}",
        "unsubscribe": f"{settings.PUBLIC_BASE_URL}/u/{_SAMPLE_CODE}",
    }
    text = variant.text.fill(values)
    segmentation = segment_text(text) if template.channel == Channel.SMS else None
    return Filled(
        encode_subject(variant.subject.fill(values)),
        variant.html.fill(values, encode_html),
        text,
        segmentation,
        _price_of(template, segmentation) if segmentation else "",
    )


def _price_of(template: Template, segmentation: Segmentation) -> str:
    """Return what the text costs by the channel's default account."""
    accounts = ProviderAccount.objects.filter(organization_id=template.organization_id, channel=template.channel)
    account = accounts.filter(is_active=True, unit_price__isnull=False).order_by("-is_default", "pk").first()
    if account is None or account.unit_price is None:
        return ""
    amount = format_money(segmentation.segments * account.unit_price, account.price_currency)
    return _("%(amount)s by %(account)s") % {"amount": amount, "account": account.name}


def values_for(variant: CompiledVariant, contact: Contact | None) -> dict[str, str]:
    """Return the values of a contact; of none, samples, or where there is none the placeholder's name in brackets."""
    values = {"survey:name": BY_KEY["survey:name"].sample}
    if contact is not None:
        return values | contact_values(ContactReader(contact), variant.keys)
    values |= {key: placeholder.sample for key, placeholder in BY_KEY.items() if placeholder.sample}
    for text in (variant.subject, variant.html, variant.text):
        for key, default in text.slots:
            if not default and key not in BY_KEY:
                values.setdefault(key, f"[{key.rpartition(':')[2]}]")
    return values
