"""Every way to say no, by the road that it takes to us: webhooks, our page, the API and the admin."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.test import Client

from channels.events import EventKind
from channels.models import ProviderAccount
from channels.providers.base import Outcome, Result, Scope
from channels.providers.twilio.events import sign
from contacts.channel import Channel
from contacts.models import Contact, Organization, Suppression
from distributor.engine.dispatch.settle import settle
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.route.step_context import as_account
from tests.support.admin_pages import act, address
from tests.support.channels.twilio_account import CREDENTIALS, SENDER
from tests.support.engine.claims import begin_claim, claim_next
from tests.support.engine.people import dispatch, given
from tests.support.engine.signals import report_on_email

JSON = "application/json"


@dataclass(frozen=True)
class Person:
    """Somebody who has been sent an e-mail, and whose SMS is with its provider."""

    number: int
    client: Client
    organization: Organization
    accounts: dict[Channel, ProviderAccount]
    mailed: Any
    refuse_number: Callable[[], None]

    @property
    def contact(self) -> Contact:
        return Contact.objects.get(external_id=f"PAT-{self.number}")

    def address(self, channel: Channel) -> str:
        known = given(self.number)
        return str(known["email"] if channel == Channel.EMAIL else known["phone"])

    @property
    def page(self) -> str:
        return f"/u/{self.mailed.recipients[0].code}"


def make_person(
    client: Client,
    organization: Organization,
    accounts: dict[Channel, ProviderAccount],
    send: Callable[..., Any],
    number: int = 0,
) -> Person:
    mailed = send([given(number)], Channel.EMAIL)
    dispatch()
    send([given(number)], Channel.SMS)
    claim, context, _ = claim_next()
    begun = begin_claim(claim, context)
    refused = Result(Outcome.PERMANENT, code="21610", scope=Scope.RECIPIENT, opted_out=True)

    def refuse_number() -> None:
        settle(claim, context, begun, [refused], database_now())

    return Person(number, client, organization, accounts, mailed, refuse_number)


def text_stop(person: Person, channel: Channel, text: str = "Stop.") -> None:
    """A signed inbound message at a number of ours that no message was sent from."""
    account = {"kind": "twilio", "credentials": CREDENTIALS, "configuration": {"from": SENDER}}
    ours, _ = ProviderAccount.objects.get_or_create(
        organization=person.organization, name="Our number", channel=channel, defaults=account
    )
    prefix = "whatsapp:" if channel == Channel.WHATSAPP else ""
    sender = prefix + person.address(channel)
    form = {"MessageSid": f"SM{person.number:032}", "SmsStatus": "received", "From": sender, "To": SENDER, "Body": text}
    signature = sign(CREDENTIALS["auth_token"], as_account(ours).webhook_url, {key: [form[key]] for key in form})
    answer = person.client.post(
        f"/webhooks/{ours.pk}",
        urlencode(form),
        content_type="application/x-www-form-urlencoded",
        headers={"x-twilio-signature": signature},
    )
    assert answer.status_code == 200, answer.content


def press_button(person: Person) -> None:
    answer = person.client.post(person.page, headers={"Sec-Fetch-User": "?1"})
    assert answer.status_code == 200, answer.content


def click_once(person: Person) -> None:
    assert person.client.post(person.page, {"List-Unsubscribe": "One-Click"}).status_code == 200


def opt_out_by_api(person: Person) -> None:
    assert person.client.post(f"/api/v1/contacts/{person.contact.pk}/opt-out").status_code == 200


def opt_out_in_admin(person: Person) -> None:
    assert "Opted out." in act(_operator(), "opt_out", person.contact)


def erase(person: Person) -> None:
    assert person.client.delete(f"/api/v1/contacts/{person.contact.pk}").status_code == 204


def suppress_by_api(person: Person, channel: Channel) -> None:
    body = {"channel": channel.value, "address": person.address(channel)}
    assert person.client.post("/api/v1/suppressions", body, content_type=JSON).status_code == 201


def suppress_in_admin(person: Person, channel: Channel) -> None:
    body = {"organization": str(person.organization.pk), "channel": channel.value, "address": person.address(channel)}
    assert _operator().post(address(Suppression, "add"), body).status_code == 302


# What ends everything, and the reason that the timeline gives. A suppression closes one address on one channel.
NOES: dict[str, tuple[Callable[[Person], object], str]] = {
    "STOP by SMS": (lambda person: text_stop(person, Channel.SMS), "the person replied STOP by SMS"),
    "STOP by WhatsApp": (
        lambda person: text_stop(person, Channel.WHATSAPP, "darme de baja"),
        "the person replied STOP by WhatsApp",
    ),
    "refused with 21610": (lambda person: person.refuse_number(), "the person replied STOP by SMS"),
    "spam complaint": (
        lambda person: report_on_email(person.accounts, EventKind.COMPLAINED)(person.mailed),
        "the person reported a message as spam",
    ),
    "unsubscribe at the provider": (
        lambda person: report_on_email(person.accounts, EventKind.UNSUBSCRIBED)(person.mailed),
        "the person unsubscribed at the e-mail provider",
    ),
    "the page's button": (press_button, "the person unsubscribed by the link in a message"),
    "one click": (click_once, "the person unsubscribed by the link in a message"),
    "opt-out by API": (opt_out_by_api, "an opt-out was reported for the contact"),
    "opt-out in the admin": (opt_out_in_admin, "an opt-out was reported for the contact"),
    "erasure": (erase, "the contact was erased"),
}
# Those whose reach the organisation chooses.
CHOSEN_REACH = ("STOP by SMS", "STOP by WhatsApp", "refused with 21610", "spam complaint")
SUPPRESSIONS: dict[str, Callable[[Person, Channel], object]] = {
    "suppressed by API": suppress_by_api,
    "suppressed in the admin": suppress_in_admin,
}


def _operator() -> Client:
    client = Client()
    client.force_login(User.objects.get_or_create(username="olga", is_staff=True, is_superuser=True)[0])
    return client
