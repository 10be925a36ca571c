"""The population: organisations with their rules, people in many time zones, and the calls of a month."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from random import Random
from uuid import UUID

from channels.models import ProviderAccount, Template, TemplateVariant
from contacts.channel import Channel
from contacts.ids import new_id
from contacts.models import Contact, Organization
from distributor.models import Survey
from tests.simulation.world import INVITATION, Hours, Person, Tenant

# Clocks change on 4 October in Sydney, Adelaide and (by half an hour) Lord Howe, on the 25th in Europe, and on
# 1 November in America.
FIRST_DAY = datetime(2026, 10, 2, 6, 0, tzinfo=UTC)
DAYS = 30
ZONES = [
    *("Europe/Warsaw", "Europe/London", "Europe/Lisbon", "Atlantic/Azores", "America/New_York", "America/Los_Angeles"),
    *("America/St_Johns", "America/Sao_Paulo", "Australia/Sydney", "Australia/Adelaide", "Australia/Lord_Howe"),
    *("Asia/Kathmandu", "Asia/Kolkata", "Asia/Tokyo", "Asia/Beirut", "Africa/Cairo", "America/Nuuk", "Pacific/Apia"),
    *("Pacific/Chatham", "Pacific/Pago_Pago", "Pacific/Kiritimati", "America/Havana", "Asia/Jerusalem", "UTC"),
]
HOURS = [
    Hours(None, frozenset(range(1, 8))),
    Hours((time(21), time(8)), frozenset(range(1, 8))),
    Hours((time(22, 30), time(7, 15)), frozenset(range(1, 6))),
    Hours((time(1, 15), time(2, 30)), frozenset(range(1, 8))),
    Hours((time(12), time(13)), frozenset({1, 2, 4, 6})),
    Hours(None, frozenset({1, 2, 3, 4, 5, 7})),
]
# Accounts that share a tenant's e-mail by these weights: what their names say is what they are (outages.py).
SHARED, SLOW, LYING = "shared", "slow", "lying"
WEIGHTS = {SHARED: 2, SLOW: 1, LYING: 1}
STEPS = (INVITATION, "reminder 1", "reminder 2", "thanks 1", "thanks 2")
REACHES = ("everything", "channel")  # what a STOP and a complaint close
PEOPLE_PER_MESSAGE = 0.4
SIZES = (3_000, 3_000, 3_000, 2_000, 2_000, 300, 40, 5, 1)
# The rules leave out about one contact in five.
PLANNED_PER_RECIPIENT = 1.22


@dataclass(frozen=True)
class Plan:
    """A planned sending call."""

    at: datetime
    tenant: Tenant
    people: list[Person]
    is_multi: bool
    channels: tuple[str, ...]


def create_tenants(draw: Random, count: int, recipients: int) -> list[Tenant]:
    """Create organisations with accounts, surveys and people, enough for this many recipients."""
    tenants = []
    for number in range(count):
        tenant = _create_tenant(draw, number)
        people = max(int(recipients * PEOPLE_PER_MESSAGE) // count, 20)
        zones = draw.sample(ZONES, 2)
        tenant.people = [_person(draw, tenant, number, place, zones) for place in range(people)]
        _store(tenant)
        tenants.append(tenant)
    return tenants


def plan_calls(draw: Random, tenants: list[Tenant], recipients: int) -> Iterator[Plan]:
    """Plan calls over the month for about this many recipients, not counting contacts that the rules leave out."""
    left = int(recipients * PLANNED_PER_RECIPIENT)
    while left > 0:
        tenant = draw.choice(tenants)
        size = min(draw.choice(SIZES), left, len(tenant.people))
        left -= size
        yield Plan(
            at=FIRST_DAY + timedelta(minutes=draw.randrange(DAYS * 1_440 - 5_000)),
            tenant=tenant,
            people=draw.sample(tenant.people, size),
            is_multi=draw.random() < 0.35,
            channels=tuple(draw.sample(["email", "sms", "whatsapp"], draw.choice([1, 2, 2, 3]))),
        )


def _create_tenant(draw: Random, number: int) -> Tenant:
    hours = HOURS[number % len(HOURS)]
    row = Organization.objects.create(
        name=f"Tenant {number}",
        slug=f"tenant-{number}",
        time_zone=draw.choice(ZONES),
        quiet_from=hours.quiet[0] if hours.quiet else None,
        quiet_until=hours.quiet[1] if hours.quiet else None,
        send_weekdays=sorted(hours.weekdays),
        minimum_days_between_contacts=[None, 2, None, 5][number % 4],
        throttle_minutes=[None, 1_440, 10_080][number % 3],
        stop_closes=REACHES[number % 2],
        complaint_closes=REACHES[number % 3 % 2],
    )
    surveys = [Survey.objects.create(organization=row, name=f"Survey {place}") for place in range(2)]
    kind = "reporting" if number % 3 else "silent"
    accounts = {channel.value: _account(row, channel, kind, number) for channel in Channel}
    shared = _shared_accounts(row, kind) if number % 3 == 1 else []
    if shared:
        accounts[Channel.EMAIL.value] = shared[0]
    return Tenant(
        id=row.id,
        zone=row.time_zone,
        hours=hours,
        minimum_days=row.minimum_days_between_contacts,
        throttle_minutes=row.throttle_minutes,
        stop_closes=row.stop_closes,
        complaint_closes=row.complaint_closes,
        survey_ids=[survey.id for survey in surveys],
        account_ids=accounts,
        shared_account_ids=shared,
        template_ids={(step, channel.value): _template(row, step, channel) for step in STEPS for channel in Channel},
    )


def _account(row: Organization, channel: Channel, kind: str, number: int) -> UUID:
    """Create an account. Every other e-mail account has a stand-in, and every fourth account a rate limit."""

    def create(name: str, stand_in: ProviderAccount | None = None, rate: float | None = None) -> ProviderAccount:
        return ProviderAccount.objects.create(
            organization=row,
            name=name,
            kind=kind,
            channel=channel,
            from_email="surveys@tenant.example" if channel == Channel.EMAIL else "",
            stand_in=stand_in,
            rate_per_second=rate,
        )

    spare = create(f"{channel} spare") if channel == Channel.EMAIL and number % 2 else None
    return create(channel.value, spare, rate=500 if number % 4 == 3 else None).id


def _shared_accounts(row: Organization, kind: str) -> list[UUID]:
    """Create accounts that share e-mail by weight."""
    return [
        ProviderAccount.objects.create(
            organization=row, name=name, kind=kind, channel=Channel.EMAIL, from_email="surveys@tenant.example"
        ).id
        for name in WEIGHTS
    ]


def _template(row: Organization, step: str, channel: Channel) -> UUID:
    """Create a template whose first line names the step, so that the provider can tell which step a message is of."""
    template = Template.objects.create(organization=row, name=step, channel=channel)
    TemplateVariant.objects.create(
        template=template, locale="en", subject="?", html="${link}", text=f"{step}\n${{link}}"
    )
    return template.id


def _person(draw: Random, tenant: Tenant, number: int, place: int, zones: list[str]) -> Person:
    """Draw a person. Some share an address with the one before, as families do; some lack a phone, e-mail or zone."""
    family = place - 1 if place % 40 == 1 else place
    addresses = {"email": f"h{number}.p{family}@example.com"}
    if draw.random() < 0.9:
        addresses["sms"] = addresses["whatsapp"] = f"+48{600_000_000 + number * 1_000_000 + family}"
        if draw.random() < 0.05:
            del addresses["email"]
    return Person(new_id(), f"P{place}", tenant, addresses, draw.choice([*zones, ""]))


def _store(tenant: Tenant) -> None:
    Contact.objects.bulk_create(
        (
            Contact(
                id=person.id,
                organization_id=tenant.id,
                external_id=person.external_id,
                email=person.addresses.get("email", ""),
                phone=person.addresses.get("sms", ""),
                time_zone=person.zone,
            )
            for person in tenant.people
        ),
        batch_size=2_000,
    )
