"""Categories of messages, by a template's channel and purpose."""

from typing import Final

from django.db.models import Q

from channels.models import Template
from channels.models.template import Purpose
from contacts.channel import Channel

SMS: Final = "smsInvite"
_PURPOSES: Final = {
    "invite": Purpose.INVITATION,
    "reminder": Purpose.REMINDER,
    "thankYou": Purpose.THANK_YOU,
    "general": Purpose.OTHER,
    SMS: Purpose.INVITATION,
}
_NAMES: Final = {purpose: name for name, purpose in _PURPOSES.items() if name != SMS}
# Those that messages can be made of, and the published ones of texts that are not messages here.
KEPT: Final = tuple(_PURPOSES)
NOT_KEPT: Final = ("inactiveSurvey", "validation", "emailSubject", "lookAndFeel", "endOfSurvey")


def channel_of(category: str) -> Channel:
    return Channel.SMS if category == SMS else Channel.EMAIL


def purpose_of(category: str) -> Purpose:
    return _PURPOSES[category]


def category_of(template: Template) -> str:
    """Return a template's category. One that was made elsewhere counts as an invitation."""
    if template.channel != Channel.EMAIL:
        return SMS
    return _NAMES[Purpose(template.purpose)] if template.purpose else "invite"


def has_category(category: str) -> Q:
    """Return the condition of templates with a category; nothing has one that is not kept."""
    if category in NOT_KEPT:
        return Q(pk=None)
    if category == SMS:
        return ~Q(channel=Channel.EMAIL)
    purposes = [purpose_of(category), ""] if category == "invite" else [purpose_of(category)]
    return Q(channel=Channel.EMAIL, purpose__in=purposes)
