"""The texts of a first invitation by e-mail, filled with phrases in one language."""

from collections.abc import Mapping

from channels.models import Template, TemplateVariant
from contacts.channel import Channel

_EMAIL_HTML = """\
<p>{greeting} ${{contact:firstName|{fallback_name}}},</p>
<p>${{intro|{request}}}</p>
<p><a href="${{link}}" style="display:inline-block;padding:12px 20px;background:#1f5fbf;color:#fff;\
border-radius:6px;text-decoration:none">{button}</a></p>
<p style="color:#666;font-size:13px">{footer} <a href="${{unsubscribe}}">{unsubscribe}</a></p>
"""
_EMAIL_TEXT = """\
{greeting} ${{contact:firstName|{fallback_name}}},

${{intro|{request}}}

${{link}}

{footer} ${{unsubscribe}}
"""


def make_variant(template: Template, locale: str, phrases: Mapping[str, str], short_text: str) -> TemplateVariant:
    """Build the template's first text in one language: an e-mail from the phrases, or the short text as it is.

    `phrases` are subject, greeting, fallback_name, request, button, footer and unsubscribe.
    """
    if template.channel != Channel.EMAIL:
        return TemplateVariant(template=template, locale=locale, text=short_text)
    return TemplateVariant(
        template=template,
        locale=locale,
        subject=phrases["subject"],
        html=_EMAIL_HTML.format(**phrases),
        text=_EMAIL_TEXT.format(**phrases),
    )
