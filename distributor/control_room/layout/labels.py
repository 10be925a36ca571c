"""The operator's words for codes that are stored: channels, states, rules. Names and a provider's words stay."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from distributor.control_room.layout.formats import format_minute, format_number
from distributor.models import Step
from distributor.rules.journey.chain import StepKind
from distributor.rules.phrases import label_reason, name_step

# By the code, of whichever field; with the field if its code means something else elsewhere. The states of recipients
# are in recipient/state.html.
LABELS: Final[Mapping[str, str | Promise]] = {
    "email": _("e-mail"),
    "sms": "SMS",
    "whatsapp": "WhatsApp",
    # SuppressionReason
    "unsubscribe": _("unsubscribed"),
    "stop": _("replied STOP"),
    "bounce": _("bounced"),
    "complaint": _("reported as spam"),
    "manual": _("added by an operator"),
    "import": _("imported"),
    # KeyKind, ChannelMode, StopsOn, LinkType, ThrottlePolicy
    "live": _("live: sends to everybody"),
    "team": _("team: sends only to the organisation's team; others are skipped"),
    "test": _("test: sends nothing; messages go to the sandbox"),
    "single": _("single: the first channel that reaches the contact"),
    "multi": _("multi: also the next channel when one fails or brings no response"),
    "stops_on.response": _("a response"),
    "stops_on.opened": _("a response, or opening a message"),
    "stops_on.delivered": _("a response, or delivery of a message"),
    "one_time": _("one-time"),
    "multiple": _("multiple"),
    "anonymous": _("anonymous"),
    "defer": _("send later"),
    "skip": _("leave out"),
    "reject": _("refuse the call"),
    # BatchState and Lane
    "waiting": _("waiting"),
    "paused": _("paused"),
    "done": _("done"),
    "urgent": _("urgent"),
    "normal": _("normal"),
    "bulk": _("bulk"),
    # Progress and Trouble of an attempt
    "sent": _("sent"),
    "delivered": _("delivered"),
    "opened": _("opened"),
    "clicked": _("clicked"),
    "delayed": _("delayed"),
    "complained": _("reported as spam"),
    "undelivered": _("not delivered"),
    "bounced": _("bounced"),
    "dropped": _("dropped by the provider"),
}


def page_language() -> str:
    """Return the language of the page, such as "pl", for what explains decisions (rules/phrases)."""
    return get_language() or "en"


def label_of(code: str) -> str:
    """Return the operator's words for a code, or the code as words if it has none."""
    return str(LABELS.get(code, code.replace("_", " ")))


def label_of_step(step: Step) -> str:
    """Return a step's number, channel and kind, such as “2. sms reminder”."""
    return f"{step.position + 1}. {name_step(step.kind, step.channel, language=page_language())}"


def words_of_reason(reason: str) -> str:
    """Return a reason without its facts, such as “the provider rejected the message”."""
    return label_reason(reason, language=page_language())


def time_of_step(step: Step) -> str:
    """Return in words when the step is sent or, for an invitation, when the next one is."""
    if step.scheduled_at is not None:
        text = gettext("at %(at)s to one person") if step.contact_id else gettext("at %(at)s")
        return text % {"at": format_minute(step.scheduled_at)}
    match StepKind(step.kind):
        case StepKind.REMINDER:
            text = ngettext(
                "%(count)s minute after the last message, if there is no response",
                "%(count)s minutes after the last message, if there is no response",
                step.delay_minutes or 0,
            )
        case StepKind.THANK_YOU:
            text = ngettext(
                "%(count)s minute after the response", "%(count)s minutes after the response", step.delay_minutes or 0
            )
        case StepKind.INVITATION if step.fallback_delay_minutes is None:
            return gettext("next step only if this one fails")
        case StepKind.INVITATION:
            text = ngettext(
                "next step after %(count)s minute without a response",
                "next step after %(count)s minutes without a response",
                step.fallback_delay_minutes,
            )
    return text % {"count": format_number(step.delay_minutes or step.fallback_delay_minutes or 0)}
