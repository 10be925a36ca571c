"""What the forms offer: an organisation's surveys, lists, accounts and templates. All are narrowed and bounded."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django.utils.dates import WEEKDAYS as DAYS_FROM_ZERO
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.models import MailingList, Organization
from distributor.control_room.layout.formats import format_number
from distributor.models import Survey

LIMIT: Final = 500
Choices = list[tuple[str, Any]]
CHANNELS: Final = {"email": gettext_lazy("e-mail"), "sms": "SMS", "whatsapp": "WhatsApp"}
# 1 is Monday, as the organisation's settings have it. Django has the names in every language.
WEEKDAYS: Final = {number + 1: name for number, name in DAYS_FROM_ZERO.items()}
UNITS: Final[dict[str, int]] = {"minutes": 1, "hours": 60, "days": 1_440}


def surveys_of(organization: Organization) -> Choices:
    rows = Survey.objects.filter(organization=organization).order_by("name", "pk")
    return _with_blank((str(pk), name) for pk, name in rows.values_list("pk", "name")[:LIMIT])


def lists_of(organization: Organization) -> Choices:
    """Return the lists that people made, by name. Lists of sends are named by their id only (find_list)."""
    rows = MailingList.objects.filter(organization=organization, is_automatic=False).order_by("name", "pk")
    return _with_blank((str(pk), name or str(pk)) for pk, name in rows.values_list("pk", "name")[:LIMIT])


def find_list(organization: Organization, text: str) -> MailingList | None:
    """Find a list by its id, or by its whole name among the lists that people made."""
    lists = MailingList.objects.filter(organization=organization)
    try:
        return lists.filter(pk=UUID(text)).first()
    except ValueError:
        return lists.filter(name=text, is_automatic=False).order_by("pk").first()


def accounts_of(organization: Organization) -> Choices:
    """Return the accounts that may send, by channel."""
    rows = ProviderAccount.objects.filter(organization=organization, is_active=True).order_by("name", "pk")
    return _by_channel(list(rows.values_list("pk", "name", "channel")[:LIMIT]))


def templates_of(organization: Organization) -> Choices:
    """Return the templates that have a text, by channel."""
    rows = Template.objects.filter(organization=organization, variants__isnull=False).distinct().order_by("name", "pk")
    return _by_channel(list(rows.values_list("pk", "name", "channel")[:LIMIT]))


def units() -> Choices:
    return [("minutes", _("minutes")), ("hours", _("hours")), ("days", _("days"))]


def _with_blank(rows: Any) -> Choices:
    return [("", "–"), *rows]


def _by_channel(rows: Sequence[tuple[UUID, str, str]]) -> Choices:
    groups: Choices = []
    for channel in Channel:
        of_channel = [(str(pk), name) for pk, name, its_channel in rows if its_channel == channel]
        if of_channel:
            groups.append((str(CHANNELS[channel]), of_channel))
    return [("", "–"), *groups]


def caps_of(organization: Organization) -> list[str]:
    """Return the organisation's daily quotas in words."""
    caps = [
        _("At most %(count)s %(channel)s messages a day.")
        % {"count": format_number(limit), "channel": CHANNELS[channel]}
        for channel, limit in organization.messages_per_day.items()
        if limit is not None
    ]
    if organization.segments_per_day is not None:
        caps.append(
            _("At most %(count)s SMS segments a day.") % {"count": format_number(organization.segments_per_day)}
        )
    if organization.segments_per_text is not None:
        caps.append(_("At most %(count)s segments in one SMS.") % {"count": organization.segments_per_text})
    return caps


def allowed_days_of(organization: Organization) -> str:
    """Return the days of the week on which messages leave."""
    if len(set(organization.send_weekdays)) == len(WEEKDAYS):
        return str(_("all"))
    return ", ".join(str(WEEKDAYS[day]) for day in sorted(organization.send_weekdays))
