"""What an operator should know of a text before it is sent. None of it prevents saving."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from channels.models import Template
from channels.rendering import CompiledVariant, unknown_placeholders
from channels.segments import Segmentation
from contacts.channel import Channel
from distributor.control_room.layout.formats import format_number
from distributor.control_room.templates_editor.audience import MOST_CONTACTS, Lacks, is_covered
from distributor.models import Survey

# What other systems write for placeholders: {{ name }}, {% if %}, *|NAME|*, %%name%%.
_FOREIGN: Final = re.compile(r"\{\{[^{}]*\}\}|\{%[^{}]*%\}|\*\|[^|]*\|\*|%%\w+%%")
_STOP: Final = re.compile(r"\bSTOP\b", re.IGNORECASE)
# Gmail shows no more of a message than this.
_CLIPPED_BYTES: Final = 102 * 1024
_SHOWN: Final = 5


def findings_of(template: Template, texts: dict[str, str], variant: CompiledVariant) -> Iterator[str]:
    """Yield what is wrong with the texts themselves."""
    is_email = template.channel == Channel.EMAIL
    parts = {_("HTML part"): variant.html, _("text"): variant.text} if is_email else {_("text"): variant.text}
    for name, part in parts.items():
        if part.literals != ("",) and "link" not in part.keys:
            yield _("There is no ${link} in the %(part)s: people who read it cannot answer.") % {"part": name}
    if "unsubscribe" not in variant.keys and not (not is_email and _STOP.search(texts["text"])):
        if is_email:
            yield _("There is no ${unsubscribe}. Mail programs show a button of their own, but not all of them.")
        else:
            yield _("It does not say how to opt out, such as “Reply STOP to opt out”.")
    for placeholder in unique(unknown_placeholders(" ".join(texts.values()))):
        yield _("%(placeholder)s is no placeholder. It cannot be saved like this.") % {"placeholder": placeholder}
    for placeholder in unique(_FOREIGN.findall(" ".join(texts.values()))):
        yield _("%(placeholder)s is sent as it is. Placeholders are written ${…}.") % {"placeholder": placeholder}
    if len(texts["html"].encode()) > _CLIPPED_BYTES:
        yield _("The HTML part is longer than 102 KB: Gmail cuts it off.")


def findings_of_segments(found: Segmentation | None) -> Iterator[str]:
    """Yield what makes an SMS cost more."""
    if found is None or not found.outside_gsm7:
        return
    letters = " ".join(found.outside_gsm7)
    yield _(
        "%(letters)s are not in the SMS alphabet. Because of them a segment holds 70 characters instead of 160."
    ) % {"letters": letters}


def findings_of_locales(template: Template, locales: Sequence[str]) -> Iterator[str]:
    """Yield the languages of the organisation's surveys that the template does not have."""
    surveys = Survey.objects.filter(organization_id=template.organization_id)
    wanted = surveys.order_by("default_locale").values_list("default_locale", flat=True).distinct()[:20]
    for locale in wanted:
        if not is_covered(locale, locales):
            yield _("There is no text in %(locale)s, the language of a survey.") % {"locale": locale}


def findings_of_list(name: str, lacks: Lacks) -> Iterator[str]:
    """Yield what the contacts of a list lack."""
    scope = _("the first %(count)s of “%(list)s”") % {"count": format_number(MOST_CONTACTS), "list": name}
    values = {"list": scope if lacks.is_part else _("“%(list)s”") % {"list": name}, "of": lacks.contacts}
    for key, count in lacks.values[:_SHOWN]:
        text = ngettext(
            "${%(key)s} is empty for %(count)d person of %(list)s, and has no default.",
            "${%(key)s} is empty for %(count)d people of %(list)s, and has no default.",
            count,
        )
        yield text % {**values, "key": key, "count": count}
    for locale, count in lacks.languages[:_SHOWN]:
        text = ngettext(
            "%(count)d person of %(list)s reads %(locale)s, which the template does not have.",
            "%(count)d people of %(list)s read %(locale)s, which the template does not have.",
            count,
        )
        yield text % {**values, "locale": locale, "count": count}


def unique(texts: list[str]) -> list[str]:
    return list(dict.fromkeys(texts))[:_SHOWN]
