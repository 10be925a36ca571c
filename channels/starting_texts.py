"""The texts that a new template starts with: an e-mail with a base layout, or a short message.

The layout has what mail programs and the law ask for: a preheader, the sender's logo or name and postal address, why
one gets it, a way to unsubscribe, and colours for the dark mode. It is a text like any other: it can be changed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Final

from django.conf import settings

from channels.locales import choose_locale
from contacts.channel import Channel
from contacts.colors import DEFAULT_COLOR
from contacts.models import Organization
from contacts.models.branding import Branding, branding_of

PHRASES: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "subject": "How did we do?",
        "preheader": "One question, one minute.",
        "greeting": "Hello",
        "fallback_name": "there",
        "request": "it takes a minute to tell us how we did.",
        "button": "Answer one question",
        "reason": "You get this e-mail because you were in contact with us.",
        "unsubscribe": "No more surveys",
        "privacy": "Privacy",
        "short": "how did we do? ${link} Reply STOP to opt out.",
    },
    "pl": {
        "subject": "Jak sobie poradziliśmy?",
        "preheader": "Jedno pytanie, jedna minuta.",
        "greeting": "Dzień dobry",
        "fallback_name": "Państwu",
        "request": "prosimy o minutę: jak sobie poradziliśmy?",
        "button": "Odpowiedz na jedno pytanie",
        "reason": "Otrzymują Państwo tę wiadomość po kontakcie z nami.",
        "unsubscribe": "Nie chcę więcej ankiet",
        "privacy": "Prywatność",
        "short": "jak nam poszlo? ${link} STOP konczy ankiety.",
    },
}
_HTML: Final = """\
<!DOCTYPE html>
<html lang="[[locale]]">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>[[title]]</title>
<style>
:root { color-scheme: light dark; }
@media (prefers-color-scheme: dark) {
  .ground { background: #15181d !important; }
  .sheet { background: #20252d !important; }
  .words { color: #f2f4f7 !important; }
  .small { color: #b9c0ca !important; }
}
</style>
</head>
<body class="ground" style="margin:0;padding:0;background:#f2f4f7">
<div style="display:none;max-height:0;overflow:hidden">[[preheader]]</div>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" class="ground" style="background:#f2f4f7">
<tr><td align="center" style="padding:24px 12px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" class="sheet"
 style="max-width:560px;background:#ffffff;border-radius:8px;border-top:4px solid [[color]]">
<tr><td class="words" style="padding:24px 28px 0;font:600 18px/1.4 Arial,sans-serif;color:#1b2430">[[head]]</td></tr>
<tr><td class="words" style="padding:16px 28px;font:16px/1.5 Arial,sans-serif;color:#1b2430">
<p style="margin:0 0 16px">[[greeting]] ${contact:firstName|[[fallback_name]]},</p>
<p style="margin:0 0 24px">${intro|[[request]]}</p>
<p style="margin:0 0 8px"><a href="${link}" style="display:inline-block;padding:13px 24px;background:[[color]];\
color:#ffffff;border-radius:6px;font-weight:600;text-decoration:none">[[button]]</a></p>
</td></tr>
<tr><td class="small" style="padding:16px 28px 24px;font:13px/1.5 Arial,sans-serif;color:#55606e">
[[reason]]<br>
[[sender]]<br>
[[privacy_link]]<a class="small" href="${unsubscribe}" style="color:#55606e">[[unsubscribe]]</a>
</td></tr>
</table>
</td></tr>
</table>
</body>
</html>
"""
_TEXT: Final = """\
[[greeting]] ${contact:firstName|[[fallback_name]]},

${intro|[[request]]}

${link}

[[reason]]
[[sender]]
[[privacy_line]][[unsubscribe]]: ${unsubscribe}
"""
_SLOT = re.compile(r"\[\[(\w+)\]\]")


@dataclass(frozen=True, slots=True)
class Sender:
    """The sender of the messages. All but the name may be empty."""

    name: str
    postal_address: str = ""
    logo_url: str = ""
    color: str = ""
    privacy_url: str = ""


def sender_of(organization: Organization) -> Sender:
    """Return an organisation as the sender of messages, with its branding."""
    branding = branding_of(organization.pk) or Branding()
    logo_url = branding.logo_url_below(settings.PUBLIC_BASE_URL)
    return Sender(organization.name, branding.postal_address, logo_url, branding.color, branding.privacy_url)


def starting_texts(
    channel: str, locale: str, sender: Sender, own_phrases: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return subject, html and text of a first message. `own_phrases` replace those of PHRASES, by name.

    A locale without phrases gets the English ones, to be translated.
    """
    phrases = {**PHRASES[choose_locale(locale, list(PHRASES), "en")], **(own_phrases or {})}
    if channel != Channel.EMAIL:
        return {"subject": "", "html": "", "text": f"{_plain(sender.name)}: {phrases['short']}"}
    return {
        "subject": phrases["subject"],
        "html": _fill(_HTML, {**_html_phrases(phrases), **_html_of(sender, locale, phrases)}),
        "text": _fill(_TEXT, {**phrases, **_text_of(sender, phrases)}),
    }


def _html_phrases(phrases: Mapping[str, str]) -> dict[str, str]:
    """Escape what stands between placeholders. What stands in one as its default is escaped when it is filled."""
    inside = ("fallback_name", "request")
    return {name: text if name in inside else escape(text) for name, text in phrases.items()}


def _html_of(sender: Sender, locale: str, phrases: Mapping[str, str]) -> dict[str, str]:
    name, address = _html(sender.name), _html(sender.postal_address).replace("\n", ", ")
    logo = f'<img src="{_html(sender.logo_url)}" alt="{name}" height="40" style="height:40px;border:0">'
    privacy = (
        f'<a class="small" href="{_html(sender.privacy_url)}" style="color:#55606e">{escape(phrases["privacy"])}</a>'
    )
    return {
        "locale": _html(locale),
        "title": name,
        "color": _html(sender.color or DEFAULT_COLOR),
        "head": logo if sender.logo_url else name,
        "sender": f"{name}, {address}" if address else name,
        "privacy_link": f"{privacy} · " if sender.privacy_url else "",
    }


def _text_of(sender: Sender, phrases: Mapping[str, str]) -> dict[str, str]:
    name, address = _plain(sender.name), _plain(sender.postal_address).replace("\n", ", ")
    return {
        "sender": f"{name}, {address}" if address else name,
        "privacy_line": f"{phrases['privacy']}: {_plain(sender.privacy_url)}\n" if sender.privacy_url else "",
    }


def _fill(layout: str, values: Mapping[str, str]) -> str:
    """Fill the slots in one pass, so that what looks like a slot in a value stays as it is."""
    return _SLOT.sub(lambda slot: values[slot[1]], layout)


def _html(text: str) -> str:
    """Escape an organisation's own words. They never become a placeholder."""
    return escape(text.replace("\r", "")).replace("${", "$&#123;")


def _plain(text: str) -> str:
    return text.replace("\r", "").replace("${", "$ {")
