"""Who there is and what is asked for: organisations with their rules, people in many zones, campaigns of a month."""

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
from tests.simulation.known import INVITATION, Hours, House, Person

# Clocks change in Sydney, in Adelaide and (by half an hour) on Lord Howe on the 4th, in Europe on the 25th, in America
# on 1 November.
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
STEPS = (INVITATION, "reminder 1", "reminder 2", "thanks 1", "thanks 2")
PEOPLE_PER_MESSAGE = 0.4
SIZES = (3_000, 3_000, 3_000, 2_000, 2_000, 300, 40, 5, 1)
# Rules leave out one in five.
PLANNED_PER_RECIPIENT = 1.22


@dataclass(frozen=True)
class Plan:
    """A call, at its moment."""

    at: datetime
    house: House
    people: list[Person]
    is_multi: bool
    channels: tuple[str, ...]


def found_houses(draw: Random, count: int, recipients: int) -> list[House]:
    """Organisations with accounts, surveys and people, enough for so many recipients."""
    houses = []
    for number in range(count):
        house = _found_house(draw, number)
        people = max(int(recipients * PEOPLE_PER_MESSAGE) // count, 20)
        zones = draw.sample(ZONES, 2)
        house.people = [_person(draw, house, number, place, zones) for place in range(people)]
        _store(house)
        houses.append(house)
    return houses


def plan_calls(draw: Random, houses: list[House], recipients: int) -> Iterator[Plan]:
    """Calls over the days, for about so many recipients beside those whom rules leave out."""
    left = int(recipients * PLANNED_PER_RECIPIENT)
    while left > 0:
        house = draw.choice(houses)
        size = min(draw.choice(SIZES), left, len(house.people))
        left -= size
        yield Plan(
            at=FIRST_DAY + timedelta(minutes=draw.randrange(DAYS * 1_440 - 5_000)),
            house=house,
            people=draw.sample(house.people, size),
            is_multi=draw.random() < 0.35,
            channels=tuple(draw.sample(["email", "sms", "whatsapp"], draw.choice([1, 2, 2, 3]))),
        )


def _found_house(draw: Random, number: int) -> House:
    hours = HOURS[number % len(HOURS)]
    row = Organization.objects.create(
        name=f"House {number}",
        slug=f"house-{number}",
        time_zone=draw.choice(ZONES),
        quiet_from=hours.quiet[0] if hours.quiet else None,
        quiet_until=hours.quiet[1] if hours.quiet else None,
        send_weekdays=sorted(hours.weekdays),
        minimum_days_between_contacts=[None, 2, None, 5][number % 4],
        throttle_minutes=[None, 1_440, 10_080][number % 3],
    )
    surveys = [Survey.objects.create(organization=row, name=f"Survey {place}") for place in range(2)]
    kind = "telling" if number % 3 else "mute"
    accounts = {channel.value: _account(row, channel, kind, number) for channel in Channel}
    return House(
        id=row.id,
        zone=row.time_zone,
        hours=hours,
        minimum_days=row.minimum_days_between_contacts,
        throttle_minutes=row.throttle_minutes,
        survey_ids=[survey.id for survey in surveys],
        account_ids=accounts,
        template_ids={(step, channel.value): _template(row, step, channel) for step in STEPS for channel in Channel},
    )


def _account(row: Organization, channel: Channel, kind: str, number: int) -> UUID:
    """Every other e-mail account has a stand-in, and every fourth a rate."""

    def create(name: str, stand_in: ProviderAccount | None = None, rate: float | None = None) -> ProviderAccount:
        return ProviderAccount.objects.create(
            organization=row,
            name=name,
            kind=kind,
            channel=channel,
            from_email="surveys@house.example" if channel == Channel.EMAIL else "",
            stand_in=stand_in,
            rate_per_second=rate,
        )

    spare = create(f"{channel} spare") if channel == Channel.EMAIL and number % 2 else None
    return create(channel.value, spare, rate=500 if number % 4 == 3 else None).id


def _template(row: Organization, step: str, channel: Channel) -> UUID:
    """Each says in its first line what it is, so that a provider sees which step a message is of."""
    template = Template.objects.create(organization=row, name=step, channel=channel)
    TemplateVariant.objects.create(
        template=template, locale="en", subject="?", html="${link}", text=f"{step}\n${{link}}"
    )
    return template.id


def _person(draw: Random, house: House, number: int, place: int, zones: list[str]) -> Person:
    """Some share an address with the one before, as families do; some have no phone, no e-mail, or no zone known."""
    family = place - 1 if place % 40 == 1 else place
    addresses = {"email": f"h{number}.p{family}@example.com"}
    if draw.random() < 0.9:
        addresses["sms"] = addresses["whatsapp"] = f"+48{600_000_000 + number * 1_000_000 + family}"
        if draw.random() < 0.05:
            del addresses["email"]
    return Person(new_id(), f"P{place}", house, addresses, draw.choice([*zones, ""]))


def _store(house: House) -> None:
    Contact.objects.bulk_create(
        (
            Contact(
                id=person.id,
                organization_id=house.id,
                external_id=person.external_id,
                email=person.addresses.get("email", ""),
                phone=person.addresses.get("sms", ""),
                time_zone=person.zone,
            )
            for person in house.people
        ),
        batch_size=2_000,
    )
