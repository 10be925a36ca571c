"""Placeholders without a value: in templates and in providers' texts, foreseen by dry runs, found by dispatch.

Sources: Twilio 21656 (an empty variable refuses the whole message); names as CRMs export them (blank, U+200B).
"""

import pytest

from channels.models import ProviderAccount, Template, TemplateVariant
from contacts.channel import Channel
from contacts.models import Organization
from distributor.api.bodies.dry_run import render_plan
from distributor.engine.acceptance.dry_run import dry_run
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Attempt
from distributor.rules.requests import RecipientOptions
from distributor.rules.wording import Wording
from tests.engine.conftest import Ask, Send
from tests.support.engine.people import dispatch, given
from tests.support.engine.provider_events import recipient_of
from tests.support.queries import count_queries

CONTENT = {"from": "+15005550006", "contentSid": "HX" + "c" * 32}
TWILIO = {"account_sid": "AC" + "a" * 32, "auth_token": "t"}


def use_content(account: ProviderAccount, **variables: str) -> None:
    account.kind, account.credentials = "twilio", TWILIO
    account.configuration = {**CONTENT, "baseUrl": "http://127.0.0.1:9", "contentVariables": variables}
    account.save()


# Variables of a WhatsApp template, the contact's first name, and the gaps (Twilio 21656).
VARIABLES = [
    ({"1": "${contact:firstName}"}, "", ["contact:firstName"]),
    ({"1": "${contact:firstName}"}, "\u200b", ["contact:firstName"]),
    ({"1": "${contact:firstName|there}"}, "", []),
    ({"1": "${contact:firstName}"}, "Ann", []),
    ({"1": "${contact:firstName}", "2": "${link}"}, "", ["contact:firstName"]),
    ({"1": "Dear ${contact:firstName}, ${contact:ward}"}, "", ["contact:firstName", "contact:ward"]),
    ({"1": "${intro}"}, "", []),
    ({}, "", []),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("variables", "first_name", "missing"), VARIABLES)
def test_a_gap_in_a_providers_variable_is_refused_and_forecast(
    organization: Organization,
    send: Send,
    ask: Ask,
    accounts: dict[Channel, ProviderAccount],
    variables: dict[str, str],
    first_name: str,
    missing: list[str],
) -> None:
    """The template's own text, which Twilio does not send, counts for nothing."""
    use_content(accounts[Channel.WHATSAPP], **variables)
    Template.objects.update(on_missing_value="refuse")
    TemplateVariant.objects.update(text="${contact:nothing}")
    people = [given(0, first_name=first_name)]
    planned = dry_run(organization, ask(people, Channel.WHATSAPP), database_now()).missing_values
    assert [value.key for value in planned] == missing
    send(people, Channel.WHATSAPP)
    dispatch()
    attempts = list(Attempt.objects.values_list("code", "detail"))
    names = ", ".join(f"${{{key}}}" for key in missing)
    assert (("missing_value", f"No value for {names}") in attempts) is bool(missing)


PEOPLE = [given(0, first_name="Ann"), given(1, first_name=""), given(2, first_name=" "), given(3, phone="")]
# The template's text, and how many of PEOPLE have no value for which placeholder.
GAPS = [
    ("${contact:firstName}", {"${contact:firstName}": 2}),
    ("${contact:firstName|there}", {}),
    ("${contact:phone} ${contact:firstName}", {"${contact:firstName}": 2, "${contact:phone}": 1}),
    ("${contact:department}", {}),
    ("${contact:ward}", {"${contact:ward}": 4}),
    ("${link} ${unsubscribe} ${survey:name} ${intro} ${contact:externalId} ${contact:email}", {}),
    ("${contact:title} ${contact:lastName}", {"${contact:lastName}": 4, "${contact:title}": 4}),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("text", "gaps"), GAPS)
@pytest.mark.parametrize("choice", ["send", "warn", "refuse"])
def test_a_forecast_names_the_gaps_and_dispatch_finds_the_same(
    organization: Organization, send: Send, ask: Ask, text: str, gaps: dict[str, int], choice: str
) -> None:
    Template.objects.update(on_missing_value=choice)
    TemplateVariant.objects.update(subject="Hello", html="", text=text)
    plan = render_plan(dry_run(organization, ask(PEOPLE), database_now()))
    found = {value["placeholder"]: value["recipientCount"] for value in plan["missingValues"]}
    assert found == gaps
    assert {value["onMissingValue"] for value in plan["missingValues"]} == ({choice} if gaps else set())
    effect = "would not be sent" if choice == "refuse" else "would be sent with a gap"
    assert all(value["text"].endswith(effect) for value in plan["missingValues"])
    told = {recipient["externalId"]: sorted(recipient["steps"][0]["missingValues"]) for recipient in plan["recipients"]}
    accepted = send(PEOPLE)
    dispatch()
    for place, recipient in enumerate(accepted.recipients):
        attempt = Attempt.objects.get(recipient_id=recipient_of(accepted, place).pk)
        is_refused = attempt.code == "missing_value"
        assert is_refused is (choice == "refuse" and bool(told[recipient.contact.external_id or ""]))


@pytest.mark.django_db
def test_the_gaps_of_a_forecast_are_those_of_the_readers_own_locale_and_of_this_call(
    organization: Organization, ask: Ask
) -> None:
    template = Template.objects.get(channel=Channel.EMAIL)
    template.variants.all().delete()
    for locale, text in (("en", "Hi"), ("pl", "${contact:imie}"), ("de", "${contact:firstName}")):
        template.variants.create(locale=locale, subject="x", text=text)
    people = [given(0, locale="pl"), given(1, locale="de"), given(2), given(3, locale="pl-PL"), given(4, locale="pl")]
    options = [RecipientOptions()] * 4 + [RecipientOptions(attributes={"imie": "Jan"})]
    foreseen = dry_run(organization, ask(people, options=options), database_now())
    ids = {contact.contact.external_id: contact.contact.id for contact in foreseen.contacts}
    assert set(foreseen.missing_values) == {(ids[name], 0, "contact:imie") for name in ("PAT-0", "PAT-3")}
    own_locale = dry_run(
        organization, ask(people[:1], options=[RecipientOptions(locale="en")]), database_now()
    ).missing_values
    assert not own_locale


@pytest.mark.django_db
def test_a_subject_of_this_call_replaces_the_templates_with_its_gaps(
    organization: Organization, send: Send, ask: Ask
) -> None:
    Template.objects.update(on_missing_value="refuse")
    TemplateVariant.objects.update(subject="For ${contact:ward}", html="", text="Hello")
    own = [RecipientOptions(wording=Wording(subject="For you")), RecipientOptions()]
    foreseen = dry_run(organization, ask(2, options=own), database_now())
    assert [value.contact_id for value in foreseen.missing_values] == [foreseen.contacts[1].contact.id]
    send(2, options=own)
    dispatch()
    assert sorted(Attempt.objects.values_list("code", flat=True)) == ["202", "missing_value"]


@pytest.mark.django_db
def test_a_forecast_reads_a_thousand_peoples_gaps_in_as_many_queries_as_two(
    organization: Organization, ask: Ask
) -> None:
    TemplateVariant.objects.update(text="${contact:ward}")
    of_two = count_queries(lambda: dry_run(organization, ask(2), database_now()))
    assert count_queries(lambda: dry_run(organization, ask(200), database_now())) == of_two
