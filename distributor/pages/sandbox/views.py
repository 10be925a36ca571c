"""`/sandbox/`: messages that the sandbox provider received, shown as a recipient would see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from channels.models import SandboxMessage
from channels.sandbox_inbox import find_messages, read_address
from contacts.channel import Channel
from distributor.engine.journey.attempts import read_attempt_id
from distributor.pages.sandbox.access import HTML_PART_POLICY, sandbox_page, shown_organizations

PAGE_SIZE = 50
PHONE_CHANNELS = frozenset({Channel.SMS, Channel.WHATSAPP})
BIGINT_DIGITS = 18


@dataclass(frozen=True)
class Filters:
    """The address and distribution that a page is limited to, and the message ID that it starts before."""

    to: str = ""
    distribution: str = ""
    before_id: int | None = None

    @property
    def query(self) -> str:
        """The filters as a query string, without the position."""
        return self.query_before(None)

    @property
    def page_query(self) -> str:
        """The filters as a query string, with the position."""
        return self.query_before(self.before_id)

    def query_before(self, before_id: int | None) -> str:
        parameters = {"to": self.to, "distribution": self.distribution, "before": before_id}
        return urlencode({name: value for name, value in parameters.items() if value})


@dataclass(frozen=True)
class Conversation:
    """The messages to one number on one channel, oldest first, as a phone shows them."""

    channel: Channel
    to: str
    to_name: str
    messages: Sequence[SandboxMessage]

    @property
    def told(self) -> list[tuple[SandboxMessage, int | None]]:
        """The messages, each with the recipient it was for."""
        return [(message, recipient_of(message)) for message in self.messages]


def recipient_of(message: SandboxMessage) -> int | None:
    """Return the id of the recipient whose message it is; None of tests of accounts and templates."""
    attempt = read_attempt_id(message.attempt_id)
    return attempt[0] if attempt else None


@sandbox_page()
def show_inbox(request: HttpRequest) -> HttpResponse:
    return render(request, "sandbox/inbox.html", _inbox(request, _read_filters(request)))


@sandbox_page()
def show_email(request: HttpRequest, message_id: int) -> HttpResponse:
    """Show an e-mail next to the page of the inbox that it was selected on."""
    message = get_object_or_404(_emails(request), id=message_id)
    values = {"message": message, "recipient_id": recipient_of(message)}
    return render(request, "sandbox/email.html", {**_inbox(request, _read_filters(request)), **values})


@sandbox_page(HTML_PART_POLICY)
def show_html_part(request: HttpRequest, message_id: int) -> HttpResponse:
    """Show only the HTML part, for the frame. Its links open in a new tab, where scripts and forms work."""
    message = get_object_or_404(_emails(request), id=message_id)
    return HttpResponse(f'<!doctype html><base target="_blank">{message.html}')


@sandbox_page()
def show_phones(request: HttpRequest) -> HttpResponse:
    filters = _read_filters(request)
    messages, next_query = _page(request, filters, PHONE_CHANNELS)
    context = {"conversations": _conversations(messages), "filters": filters, "next_query": next_query, "tab": "phones"}
    return render(request, "sandbox/phones.html", context)


def _inbox(request: HttpRequest, filters: Filters) -> dict[str, Any]:
    emails, next_query = _page(request, filters, {Channel.EMAIL})
    return {"emails": emails, "filters": filters, "next_query": next_query, "tab": "inbox"}


def _emails(request: HttpRequest) -> QuerySet[SandboxMessage]:
    return find_messages(organizations=shown_organizations(request), channels={Channel.EMAIL})


def _page(
    request: HttpRequest, filters: Filters, channels: set[Channel] | frozenset[Channel]
) -> tuple[list[SandboxMessage], str]:
    """Return a page of messages, newest first, and the query string of the next page ("" on the last page)."""
    found = find_messages(
        organizations=shown_organizations(request),
        channels=channels,
        to=filters.to,
        group_id=filters.distribution,
        before_id=filters.before_id,
    )
    messages = list(found[: PAGE_SIZE + 1])
    if len(messages) <= PAGE_SIZE:
        return messages, ""
    shown = messages[:PAGE_SIZE]
    return shown, filters.query_before(shown[-1].id)


def _conversations(messages: Sequence[SandboxMessage]) -> list[Conversation]:
    """Group messages by channel and number; the conversation with the newest message comes first."""

    def phone(message: SandboxMessage) -> tuple[str, str]:
        return message.channel, message.to

    order: dict[tuple[str, str], int] = {}
    for message in messages:
        order.setdefault(phone(message), len(order))
    oldest_first = sorted(messages, key=lambda message: (order[phone(message)], message.id))
    conversations = []
    for (channel, to), group in groupby(oldest_first, key=phone):
        of_phone = list(group)
        conversations.append(Conversation(Channel(channel), to, of_phone[-1].to_name, of_phone))
    return conversations


def _read_filters(request: HttpRequest) -> Filters:
    """Read the filters from the URL. An invalid value is ignored or finds nothing; it is not an error."""
    before = request.GET.get("before", "")
    return Filters(
        to=read_address(request.GET.get("to", "")),
        distribution=request.GET.get("distribution", "").replace("\0", "").strip(),
        before_id=int(before) if before.isascii() and before.isdigit() and len(before) <= BIGINT_DIGITS else None,
    )
