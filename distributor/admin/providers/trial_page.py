"""Tests of a provider account: its connection, a test message, and the DNS of the sender's domain.

Each is a button. Nothing is sent or looked up before it is pressed.
"""

from dataclasses import dataclass, field
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.functional import Promise

from channels.models import ProviderAccount
from channels.providers.base import Outcome, Result
from channels.providers.registry import provider_class
from channels.sender_domain import DomainCheck, check_sender_domain
from contacts.channel import Channel
from contacts.suppressions import spell_address
from distributor.engine.infrastructure.audit import actor_of_user, record
from distributor.engine.infrastructure.transactions import release_connection
from distributor.engine.route.single_message import ACCOUNT_TEST, SENTENCES, send_single_message
from distributor.engine.route.step_context import as_account


@dataclass(slots=True)
class Trial:
    """What a pressed button found."""

    what: str
    sentence: str | Promise = ""
    result: Result | None = None
    domain_checks: list[DomainCheck] = field(default_factory=list)
    to: str = ""

    @property
    def has_worked(self) -> bool:
        return self.result is not None and self.result.outcome is Outcome.ACCEPTED


def answer_trial(
    site: admin.AdminSite, request: HttpRequest, account: ProviderAccount, default_to: str
) -> HttpResponse:
    trial = _run(account, request.user, request.POST) if request.method == "POST" else None
    is_email = account.channel == Channel.EMAIL
    context = {
        **site.each_context(request),
        "title": f"Test {account.name}",
        "opts": ProviderAccount._meta,
        "account": account,
        "faults": provider_class(account.kind)(as_account(account)).account_faults(),
        "sender_domain": account.from_email.rpartition("@")[2] if is_email else "",
        "is_email": is_email,
        "to": trial.to if trial and trial.to else default_to if is_email else "",
        "trial": trial,
    }
    return TemplateResponse(request, "admin/channels/provideraccount/trial.html", context)


def _run(account: ProviderAccount, user: Any, given: Any) -> Trial:
    match given.get("what"):
        case "connection":
            provider = provider_class(account.kind)(as_account(account))
            release_connection()
            result = provider.test_connection()
            if result is None:
                return Trial("connection", "This provider has no call that only tests. Send a test message instead.")
            has_worked = result.outcome is Outcome.ACCEPTED
            return Trial("connection", "It works." if has_worked else SENTENCES[result.outcome], result)
        case "domain":
            domain = account.from_email.rpartition("@")[2].lower()
            release_connection()
            return Trial("domain", f"What the DNS says of {domain}:", domain_checks=check_sender_domain(domain))
        case _:
            return _send_message(account, user, given.get("to", ""))


def _send_message(account: ProviderAccount, user: Any, given: str) -> Trial:
    to = spell_address(account.channel, given, account.organization.phone_region)
    if to is None:
        example = "ann@example.com" if account.channel == Channel.EMAIL else "+48601234567"
        return Trial("message", f"This is no address for the channel. Enter one such as {example}.", to=given)
    if account.channel == Channel.EMAIL and not account.from_email and account.kind != "sandbox":
        return Trial("message", "The account has no sender's address. Enter one first.", to=given)
    result = send_single_message(account, to, ACCOUNT_TEST, {})
    record(actor_of_user(user), "test_sent", account)
    return Trial("message", SENTENCES[result.outcome], result, to=given)
