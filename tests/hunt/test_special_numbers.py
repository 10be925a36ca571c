"""Numbers at special rates, and countries that an organisation does not send to.

Sources: libphonenumber's example number of each kind and region; ITU-T E.164's list of assigned codes (870, 881, 882,
883 satellites and networks; 878, 808, 888, 979 international services); Ofcom's National Telephone Numbering Plan (070
personal, 076 pagers, 09 premium); Twilio's “Protect your account with SMS geo permissions”.
"""

import phonenumbers
import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata, PhoneNumberFormat, PhoneNumberType

from channels.models import SandboxMessage
from contacts.channel import Channel
from contacts.models import Contact, Organization
from contacts.number_rules import NumberRules, country_of, kind_of, refuse_number
from distributor.engine.acceptance.dry_run import dry_run
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Decision
from tests.engine.conftest import Ask, Send
from tests.support.admin_pages import address, faults
from tests.support.engine.people import channels_used, dispatch, given, totals_of

PREMIUM, FAR, POLISH = "+48701234567", "+18765551234", "+48600000001"
KINDS = {
    PhoneNumberType.PREMIUM_RATE: "premium_rate",
    PhoneNumberType.SHARED_COST: "shared_cost",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.UAN: "uan",
    PhoneNumberType.PERSONAL_NUMBER: "personal",
}


def examples(kind: int) -> list[tuple[str, str]]:
    """Region and number, where the library itself says that its example is of the kind."""
    numbers = [
        (region, phonenumbers.example_number_for_type(region, kind))
        for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    ]
    return [
        (region, phonenumbers.format_number(number, PhoneNumberFormat.E164))
        for region, number in numbers
        if number is not None and phonenumbers.number_type(number) == kind
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_the_examples_of_every_region_are_of_their_kind(kind: int) -> None:
    found = examples(kind)
    assert len(found) >= 5
    assert [(number, kind_of(number)) for _, number in found] == [(number, KINDS[kind]) for _, number in found]


def test_the_mobile_phones_of_200_regions_are_allowed_and_in_their_country() -> None:
    found = examples(PhoneNumberType.MOBILE)
    assert len(found) >= 150
    for example_region, number in found:
        # Territories that share a country's ranges, such as Åland (AX) those of Finland, are that country.
        parsed = phonenumbers.parse(number)
        region = phonenumbers.region_code_for_number(parsed)
        assert region is not None
        assert parsed.country_code is not None
        assert {region, example_region} <= {*COUNTRY_CODE_TO_REGION_CODE[parsed.country_code]}
        assert (number, kind_of(number), country_of(number)) == (number, None, region)
        assert refuse_number(number, NumberRules(allowed_countries=frozenset({region}))) is None
        elsewhere = NumberRules(allowed_countries=frozenset(phonenumbers.SUPPORTED_REGIONS - {region}))
        assert refuse_number(number, elsewhere) == {"country": region}


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        *(("+870773111632", "satellite"), ("+881612345678", "satellite"), ("+88213212345678", "satellite")),
        *(("+883510012345678", "satellite"), ("+8835100012345", "satellite"), ("+87099912345678", "satellite")),
        *(("+878101234567890", "personal"), ("+80812345678", "shared_cost"), ("+88812345678", "uan")),
        *(("+979123456789", "premium_rate"), ("+48701234567", "premium_rate"), ("+19005550123", "premium_rate")),
        *(("+447012345678", "personal"), ("+447640123456", "pager"), ("+449012345678", "premium_rate")),
        *(("+48642123456", "pager"), ("+15005550006", "personal"), ("+48801123456", "shared_cost")),
        *(("+18765551234", None), ("+447911123456", None), ("+80012345678", None), ("+999123456", None)),
        *(("+447700900123", None), ("+48123456789", None)),  # fictional; a landline
    ],
)
def test_numbers_of_the_plans_are_of_their_kind(number: str, kind: str | None) -> None:
    assert kind_of(number) == kind


@pytest.mark.parametrize(
    ("number", "country"),
    [
        *(("+18765551234", "JM"), ("+12125550123", "US"), ("+14165550123", "CA"), ("+15555550100", "US")),
        *(("+77012345678", "KZ"), ("+79161234567", "RU"), ("+447624123456", "IM"), ("+447700900123", "GB")),
        *(("+3906698", "VA"), ("+870773111632", ""), ("+999123456", "")),
    ],
)
def test_countries_that_share_a_calling_code_are_told_apart(number: str, country: str) -> None:
    assert country_of(number) == country


def test_the_library_names_no_other_code_without_a_country() -> None:
    without = {code for code, regions in COUNTRY_CODE_TO_REGION_CODE.items() if regions == ("001",)}
    assert without == {800, 808, 870, 878, 881, 882, 883, 888, 979}  # 800 is toll-free
    assert all(PhoneMetadata.metadata_for_nongeo_region(code) is not None for code in without)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("phone", "settings", "detail"),
    [
        (PREMIUM, {}, {"numberKind": "premium_rate"}),
        ("+881612345678", {}, {"numberKind": "satellite"}),
        (PREMIUM, {"allows_premium_numbers": True}, None),
        (PREMIUM, {"allows_premium_numbers": True, "allowed_countries": ["DE"]}, {"country": "PL"}),
        (FAR, {}, None),
        (FAR, {"allowed_countries": ["US", "CA"]}, {"country": "JM"}),
        (FAR, {"allowed_countries": ["US", "JM"]}, None),
        ("+881612345678", {"allows_premium_numbers": True, "allowed_countries": ["US"]}, {"country": ""}),
    ],
)
@pytest.mark.parametrize("channel", [Channel.SMS, Channel.WHATSAPP])
def test_a_number_is_refused_at_acceptance_and_forecast_so(
    send: Send,
    ask: Ask,
    organization: Organization,
    channel: Channel,
    phone: str,
    settings: dict[str, object],
    detail: dict[str, str] | None,
) -> None:
    for name, value in settings.items():
        setattr(organization, name, value)
    organization.save()
    [planned] = dry_run(organization, ask([given(1, phone=phone)], channel), database_now()).contacts
    accepted = send([given(1, phone=phone)], channel)
    dispatch()
    found = [(skipped.refusal.reason, dict(skipped.refusal.detail)) for skipped in accepted.skipped]
    assert found == ([] if detail is None else [("number_not_allowed", {"channel": channel.value} | detail)])
    assert planned.refusal == (accepted.skipped[0].refusal if detail else None)
    assert SandboxMessage.objects.count() == (detail is None)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("phone", "changes"),
    [
        (POLISH, {"allowed_countries": ["DE"]}),
        (FAR, {"allowed_countries": ["US"]}),
        ("+447911123456", {"allowed_countries": ["PL", "IM"]}),
        (PREMIUM, {"allows_premium_numbers": False}),
        ("+870773111632", {"allows_premium_numbers": False}),
    ],
)
def test_a_rule_that_changes_later_holds_for_those_who_wait(
    send: Send, organization: Organization, phone: str, changes: dict[str, object]
) -> None:
    organization.allows_premium_numbers = True
    organization.save()
    accepted = send([given(1, phone=phone)], Channel.SMS)
    Organization.objects.update(**changes)
    dispatch()
    assert totals_of(accepted) == {"stopped": 1} or totals_of(accepted) == {"failed": 1}
    assert Decision.objects.get().reason == "number_not_allowed"
    assert not SandboxMessage.objects.exists()


@pytest.mark.django_db
def test_a_chain_continues_by_another_channel(send: Send, organization: Organization) -> None:
    accepted = send([given(1, phone=PREMIUM)], Channel.SMS, Channel.EMAIL, is_multi=True)
    dispatch()
    assert (totals_of(accepted), channels_used()) == ({"sent": 1}, ["email"])


@pytest.mark.django_db
def test_an_e_mail_asks_nothing_about_the_number(send: Send) -> None:
    accepted = send([given(1, phone=PREMIUM)], Channel.EMAIL)
    dispatch()
    assert totals_of(accepted) == {"sent": 1}


@pytest.mark.django_db
def test_such_a_number_may_be_stored(client: Client) -> None:
    made = client.post("/api/v1/contacts", {"externalId": "A", "phone": PREMIUM}, content_type="application/json")
    assert (made.status_code, Contact.objects.get().phone) == (201, PREMIUM)


@pytest.mark.django_db
@pytest.mark.parametrize("countries", [["pl"], [""], ["P1"], ["PL", "de"], [" P"], ["P"]])
def test_the_database_refuses_what_is_no_country_code(organization: Organization, countries: list[str]) -> None:
    with pytest.raises(IntegrityError, match="allowed_countries_are_two_letter_codes"), transaction.atomic():
        Organization.objects.update(allowed_countries=countries)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("countries", "stored"),
    [("PL,DE", ["PL", "DE"]), ("", []), ("pl", None), ("POL", None), ("UK", None), ("XX", None), ("PL,,DE", None)],
)
def test_an_operator_lists_the_countries(
    admin_client: Client, organization: Organization, countries: str, stored: list[str] | None
) -> None:
    page = admin_client.get(address(organization, "change"))
    form = page.context["adminform"].form
    unchanged = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    saved = admin_client.post(address(organization, "change"), unchanged | {"allowed_countries": countries})
    organization.refresh_from_db()
    if stored is None:
        assert list(faults(saved)) == ["allowed_countries"]
    assert organization.allowed_countries == (stored or [])
