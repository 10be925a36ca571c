"""What people write back: replies that operators read, and HELP that we answer.

Sources: Twilio, “US Short Code Keyword Requirements” (HELP is answered whether or not the sender is subscribed);
Twilio, “Getting Started with Advanced Opt-Out” (it answers itself and reports with OptOutType); Twilio's TwiML
reference (<Message>); CTIA Short Code Monitoring Handbook 1.8.
"""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client

from channels.events import EventKind, Webhook
from channels.models import ProviderAccount
from channels.providers import registry
from contacts.channel import Channel
from contacts.models import Contact, Organization, Suppression
from distributor.engine.consent.erase import erase_contact
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.route.step_context import as_account
from distributor.models import ProviderEvent, Reply
from tests.engine.conftest import Send
from tests.support.admin_pages import address, listed
from tests.support.channels.twilio_account import CREDENTIALS, SENDER
from tests.support.engine.people import dispatch, given
from tests.support.queries import count_queries
from tests.support.standins.twilio import TwilioStandIn

pytestmark = pytest.mark.django_db

ANN = "+48600000000"
HELP_TEXT = "ACME <surveys> & more. Reply STOP to get no more. Zażółć 🙂"
PEER = TwilioStandIn()
Accounts = dict[Channel, ProviderAccount]


@pytest.fixture
def operator() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("olga"))
    return client


@pytest.fixture
def twilio(accounts: Accounts, settings: LazySettings) -> ProviderAccount:
    settings.PUBLIC_BASE_URL = "https://surveys.example"
    return use_twilio(accounts[Channel.SMS], helpText=HELP_TEXT)


def use_twilio(account: ProviderAccount, **configuration: str) -> ProviderAccount:
    account.kind, account.credentials, account.configuration = "twilio", CREDENTIALS, {"from": SENDER, **configuration}
    account.save()
    return account


def write(account: ProviderAccount, text: str, number: int = 1, sender: str = ANN, **fields: str) -> str:
    """Send a text to the account's number, and return what Twilio is answered."""
    webhook: Webhook = PEER.inbound(as_account(account).webhook_url, sender, text, number, **fields)
    headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in webhook.headers.items()}
    kind = headers.pop("HTTP_CONTENT_TYPE", "")
    answer = Client().generic("POST", urlsplit(webhook.url).path, webhook.body, kind, **headers)  # type: ignore[arg-type]
    assert answer.status_code == 200
    return answer.content.decode()


def message_in(twiml: str) -> str | None:
    """Return the text of the one message that the answer sends, as an XML parser reads it."""
    messages = list(ElementTree.fromstring(twiml.encode()))
    assert len(messages) <= 1
    return messages[0].text if messages else None


@pytest.mark.parametrize("text", ["HELP", "help?", "Info", "AIDE", "Hilfe!", "pomoc", "ＨＥＬＰ", "¿ayuda?", "«aiuto»"])
def test_help_is_answered_with_the_accounts_text(twilio: ProviderAccount, text: str) -> None:
    assert message_in(write(twilio, text)) == HELP_TEXT
    assert ProviderEvent.objects.get().kind == EventKind.ASKED_HELP


@pytest.mark.parametrize("text", ["HELP", "help?", "Info", "AIDE", "Hilfe!"])
def test_without_a_text_help_is_left_to_the_provider(twilio: ProviderAccount, text: str) -> None:
    use_twilio(twilio)
    assert message_in(write(twilio, text)) is None
    assert not ProviderEvent.objects.exists()


@pytest.mark.parametrize("text", ["STOP", "START", "10", "Who is this?", "help me, I fell", "thanks for your help"])
def test_nothing_else_is_answered(twilio: ProviderAccount, text: str) -> None:
    assert message_in(write(twilio, text)) is None


def test_a_webhook_that_is_repeated_is_answered_once(twilio: ProviderAccount) -> None:
    assert [message_in(write(twilio, "HELP", 1)) for _ in range(3)] == [HELP_TEXT, None, None]
    assert message_in(write(twilio, "HELP", 2)) == HELP_TEXT


def test_two_machines_that_answer_each_other_end(twilio: ProviderAccount) -> None:
    answers = [message_in(write(twilio, "INFO", number)) for number in range(1, 9)]
    assert answers == [HELP_TEXT] * 5 + [None] * 3
    assert message_in(write(twilio, "INFO", 9, sender="+48600000001")) == HELP_TEXT
    ProviderEvent.objects.update(received_at=database_now() - timedelta(hours=25))
    assert message_in(write(twilio, "INFO", 10)) == HELP_TEXT


def test_help_is_answered_after_a_stop_and_lifts_nothing(twilio: ProviderAccount) -> None:
    write(twilio, "STOP", 1)
    closed = set(Suppression.objects.values_list("channel", "address", "reason"))
    assert message_in(write(twilio, "HELP", 2)) == HELP_TEXT
    assert set(Suppression.objects.values_list("channel", "address", "reason")) == closed != set()


@pytest.mark.parametrize("kind", ["HELP", "help"])
@pytest.mark.parametrize("text", ["HELP", "AIDE", "wsparcie"])
def test_what_advanced_opt_out_has_answered_is_not_answered_again(
    twilio: ProviderAccount, text: str, kind: str
) -> None:
    assert message_in(write(twilio, text, OptOutType=kind)) is None
    assert not ProviderEvent.objects.exists()


@pytest.mark.parametrize(
    ("sender", "rules"),
    [
        ("+48701234567", {}),
        ("+881612345678", {}),
        ("+447012345678", {}),
        ("+18765551234", {"allowed_countries": ["US", "PL"]}),
        (ANN, {"allowed_countries": ["DE"]}),
    ],
)
def test_a_number_that_is_not_sent_to_gets_no_answer(
    twilio: ProviderAccount, sender: str, rules: dict[str, Any]
) -> None:
    Organization.objects.update(**rules)
    assert message_in(write(twilio, "HELP", sender=sender)) is None
    Organization.objects.update(allows_premium_numbers=True, allowed_countries=[])
    assert message_in(write(twilio, "HELP", 2, sender=sender)) == HELP_TEXT


def test_each_account_answers_with_its_own_text(twilio: ProviderAccount, accounts: Accounts) -> None:
    whatsapp = use_twilio(accounts[Channel.WHATSAPP], helpText="By WhatsApp")
    assert message_in(write(whatsapp, "HELP", sender=f"whatsapp:{ANN}")) == "By WhatsApp"
    assert message_in(write(twilio, "HELP")) == HELP_TEXT


@pytest.mark.parametrize("text", ["", "  ", 7, [], "x" * 1601, "a\0b", "a\x1bb", "\ufffe"])
def test_a_help_text_that_cannot_be_sent_is_a_fault(text: Any) -> None:
    configuration = json.loads(json.dumps({"from": SENDER, "helpText": text}))
    assert [fault.field for fault in registry.configuration_faults("twilio", "sms", configuration)] == ["helpText"]


TEXTS = ["Who is this?", "I stopped by yesterday, great staff", "👍", "10", "Wrong number", "x" * 600, "<b>no</b>"]


def test_replies_are_listed_newest_first_with_contact_and_distribution(
    operator: Client, send: Send, accounts: Accounts, twilio: ProviderAccount
) -> None:
    use_sandbox(twilio)
    first, last = send([given(0)], Channel.SMS, name="First"), send([given(0)], Channel.SMS, name="Last")
    dispatch()
    send([given(0)], Channel.EMAIL, name="By e-mail")
    dispatch()
    use_twilio(twilio)
    for number, text in enumerate(TEXTS, start=1):
        write(twilio, text, number)
    write(twilio, "Hello?", 90, sender="+48600000099")
    write(twilio, "STOP", 91, sender="+48600000098")
    rows = listed(operator, Reply)
    assert [row.detail for row in rows] == ["Hello?", *(text[:500] for text in reversed(TEXTS))]
    assert [row.contact for row in rows] == [None, *[Contact.objects.get()] * len(TEXTS)]
    assert {row.distribution and row.distribution.pk for row in rows} == {None, last.distribution.pk}
    assert first.distribution.pk != last.distribution.pk
    page = operator.get(address(rows[-1], "change")).content.decode()
    assert all(text in page for text in ("Who is this?", ANN, "PAT-0", "Last", "ACME"))
    assert "&lt;b&gt;no&lt;/b&gt;" in operator.get(address(Reply, "changelist")).content.decode()


def use_sandbox(account: ProviderAccount) -> None:
    account.kind, account.configuration = "sandbox", {}
    account.save()


def test_a_familys_reply_is_by_whom_was_written_to_last(operator: Client, send: Send, twilio: ProviderAccount) -> None:
    use_sandbox(twilio)
    send([given(0)], Channel.SMS)
    dispatch()
    send([given(1, phone=ANN)], Channel.SMS)
    dispatch()
    Contact.objects.create(organization=twilio.organization, external_id="PAT-2", phone=ANN)
    use_twilio(twilio)
    write(twilio, "Who is this?")
    [row] = listed(operator, Reply)
    assert row.contact.external_id == "PAT-1"


def test_replies_are_filtered_by_organisation_and_date(operator: Client, twilio: ProviderAccount) -> None:
    other = Organization.objects.create(name="Other", slug="other")
    theirs = ProviderAccount.objects.create(organization=other, name="x", kind="twilio", channel="sms", credentials={})
    use_twilio(theirs)
    write(twilio, "ours")
    write(theirs, "theirs")
    write(twilio, "old", 3)
    Reply.objects.filter(detail="old").update(received_at=database_now() - timedelta(days=10))
    shown: dict[str, dict[str, Any]] = {
        "all": {},
        "ours": {"organization": twilio.organization_id},
        "theirs": {"organization": other.pk},
        "week": {"received": "7"},
        "month": {"received": "30"},
        "number": {"q": ANN.replace("+48", "+48 ")},
        "nobody": {"q": "+48600000077"},
    }
    found = {name: [row.detail for row in listed(operator, Reply, **query)] for name, query in shown.items()}
    everything = ["old", "theirs", "ours"]
    assert found == {
        "all": everything,
        "ours": ["old", "ours"],
        "theirs": ["theirs"],
        "week": ["theirs", "ours"],
        "month": everything,
        "number": everything,
        "nobody": [],
    }
    assert operator.get(address(Reply, "changelist", organization="x")).status_code == 302


def test_a_page_of_replies_takes_as_many_queries_as_one_reply(operator: Client, twilio: ProviderAccount) -> None:
    Contact.objects.create(organization=twilio.organization, external_id="PAT-0", phone=ANN)
    url = address(Reply, "changelist")
    write(twilio, "one", 1)
    of_one = count_queries(lambda: operator.get(url))
    for number in range(2, 12):
        write(twilio, "more", number)
    assert count_queries(lambda: operator.get(url)) == of_one


def test_erasing_a_contact_empties_what_was_written_from_its_number(twilio: ProviderAccount) -> None:
    contact = Contact.objects.create(organization=twilio.organization, external_id="PAT-0", phone=ANN)
    other = Organization.objects.create(name="Other", slug="other")
    theirs = ProviderAccount.objects.create(organization=other, name="x", kind="twilio", channel="sms", credentials={})
    use_twilio(theirs)
    write(theirs, "I am Ann")
    for number, text in enumerate(("I am Ann", "HELP"), start=1):
        write(twilio, text, number)
    write(twilio, "I am Ben", 3, sender="+48600000001")
    erase_contact(contact.pk, database_now())
    kept = ProviderEvent.objects.order_by("id").values_list("address", "detail")
    assert list(kept) == [(ANN, "I am Ann"), ("", ""), ("", ""), ("+48600000001", "I am Ben")]
    assert [bool(raw) for raw in ProviderEvent.objects.order_by("id").values_list("raw", flat=True)] == [1, 0, 0, 1]
