"""Rows that are named by id or by name. A name that several rows have, or none, is said with what there is."""

from typing import Any, Final, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet

from channels.models import ProviderAccount, Template
from contacts.models import MailingList
from distributor.command_line.faults import BadUseError
from distributor.command_line.operator import Desk
from distributor.models import Distribution, Survey

RowT = TypeVar("RowT", bound=Model)
SHOWN: Final = 10


def find_survey(desk: Desk, text: str) -> Survey:
    return _find(Survey.objects.filter(organization=desk.organization), "survey", text)


def find_list(desk: Desk, text: str) -> MailingList:
    """Find a list. Lists that sends made for themselves have an id only."""
    lists = MailingList.objects.filter(organization=desk.organization)
    return _find(lists if as_uuid(text) else lists.filter(is_automatic=False), "list", text)


def find_account(desk: Desk, channel: str, text: str) -> ProviderAccount:
    accounts = ProviderAccount.objects.filter(organization=desk.organization, channel=channel)
    return _find(accounts, f"{channel} provider account", text)


def find_template(desk: Desk, channel: str, text: str) -> Template:
    return _find(Template.objects.filter(organization=desk.organization, channel=channel), f"{channel} template", text)


def find_distribution(desk: Desk, text: str) -> Distribution:
    """Find a distribution by id or name. Raises BadUseError."""
    rows = Distribution.objects.filter(organization=desk.organization, deleted_at=None)
    return _find(rows.select_related("survey", "organization"), "distribution", text, newest_first=True)


def as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _find(rows: QuerySet[RowT], what: str, text: str, *, newest_first: bool = False) -> RowT:
    if uuid := as_uuid(text):
        found = list(rows.filter(pk=uuid))
    else:
        named = rows.order_by("-pk" if newest_first else "pk")
        found = list(named.filter(name=text)[: SHOWN + 1]) or list(named.filter(name__iexact=text)[: SHOWN + 1])
    if len(found) == 1:
        return found[0]
    if found:
        shown = ", ".join(str(row.pk) for row in found[:SHOWN]) + (", …" if len(found) > SHOWN else "")
        raise BadUseError(f"Several {what}s are called “{text}”. Use an id: {shown}.")
    raise BadUseError(f"There is no {what} “{text}”. {_what_there_is(rows, what, newest_first=newest_first)}")


def _what_there_is(rows: QuerySet[Any], what: str, *, newest_first: bool) -> str:
    few = rows.exclude(name="").order_by("-pk" if newest_first else "name")[: SHOWN + 1]
    names = list(dict.fromkeys(few.values_list("name", flat=True)))
    if not names:
        return f"There is no {what} with a name."
    shown = ", ".join(f"“{name}”" for name in names[:SHOWN])
    return f"There is: {shown}{', …' if len(names) > SHOWN else ''}."
