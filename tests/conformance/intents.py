"""What somebody may want: a survey to people, in no dialect's words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from contacts.channel import Channel
from contacts.models import Contact, Organization, Suppression
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Survey, Touch


@dataclass(frozen=True, slots=True)
class Person:
    email: str
    phone: str
    first_name: str
    last_name: str


ANN = Person("ann@example.com", "+48600000001", "Ann", "Ono")
BEN = Person("ben@example.com", "+48600000002", "Ben", "Berg")
STRANGER = Person("stranger@example.com", "+48600000003", "Sam", "Stone")
KNOWN = (ANN, BEN)
Setting = Callable[[Organization, Survey], object]
# One moment for all faces. Pauses are rounded to minutes, and one could end between two readings of the clock.
NOW = datetime.now(UTC).replace(microsecond=0)


def nothing_before(organization: Organization, survey: Survey) -> None:
    """As it was set up."""


def ben_opted_out(organization: Organization, survey: Survey) -> None:
    Contact.objects.filter(email=BEN.email).update(opted_out_at=database_now())


def ann_is_suppressed(organization: Organization, survey: Survey) -> None:
    Suppression.objects.create(organization=organization, channel="email", address=ANN.email, reason="complaint")


def ann_had_it_lately(organization: Organization, survey: Survey) -> None:
    """Half an hour ago, where ten have to lie between."""
    Organization.objects.filter(pk=organization.pk).update(throttle_minutes=600)
    _touch(survey, NOW - timedelta(minutes=30))


def ten_hours_between(organization: Organization, survey: Survey) -> None:
    Organization.objects.filter(pk=organization.pk).update(throttle_minutes=600)


def ann_had_another_lately(organization: Organization, survey: Survey) -> None:
    """Yesterday, where a week has to lie between any two."""
    Organization.objects.filter(pk=organization.pk).update(minimum_days_between_contacts=7)
    another = Survey.objects.create(organization=organization, name="Another")
    _touch(another, NOW - timedelta(days=1))


def germany_only(organization: Organization, survey: Survey) -> None:
    Organization.objects.filter(pk=organization.pk).update(allowed_countries=["DE"])


def it_is_quiet(organization: Organization, survey: Survey) -> None:
    """From an hour ago until in two hours."""
    local = database_now().astimezone(ZoneInfo(organization.time_zone)).replace(minute=0, second=0, microsecond=0)
    hours = {"quiet_from": (local - timedelta(hours=1)).time(), "quiet_until": (local + timedelta(hours=2)).time()}
    Organization.objects.filter(pk=organization.pk).update(**hours)


def _touch(survey: Survey, sent_at: datetime) -> None:
    ann = Contact.objects.get(email=ANN.email)
    Touch.objects.create(contact_id=ann.pk, survey_id=survey.pk, recipient_id=0, last_sent_at=sent_at)


@dataclass(frozen=True)
class Intent:
    """`outcome`: what is to become of each person, so that all faces together cannot be wrong in the same way.

    It is `now`, `later`, `registered`, or why somebody is left out.
    """

    name: str
    outcome: Mapping[Person, str]
    people: Sequence[Person] = (ANN,)
    setting: Setting = nothing_before
    channels: Sequence[Channel] = (Channel.EMAIL,)
    fallback_minutes: int | None = None
    scheduled_at: datetime | None = None
    expires_at: datetime | None = None
    is_sent: bool = True
    is_anonymous: bool = False
    data: Mapping[str, Any] = field(default_factory=dict)
    locale: str = ""
    last_sent_at: datetime | None = None

    @property
    def needs(self) -> set[str]:
        """What a face must have words for."""
        said = {
            "a stranger": STRANGER in self.people,
            "both": set(self.people) == set(KNOWN),
            "somebody twice": len(self.people) > len(set(self.people)),
            "several channels": len(self.channels) > 1,
            "SMS": Channel.SMS in self.channels,
            "WhatsApp": Channel.WHATSAPP in self.channels,
            "a schedule": self.scheduled_at is not None,
            "an end": self.expires_at is not None,
            "sending": self.is_sent,
            "links only": not self.is_sent,
            "anonymity": self.is_anonymous,
            "data": bool(self.data),
            "a locale": bool(self.locale),
            "a last send": self.last_sent_at is not None,
        }
        return {name for name, is_needed in said.items() if is_needed}


MAY, JUNE = datetime(2031, 5, 1, 9, tzinfo=UTC), datetime(2031, 6, 1, 9, tzinfo=UTC)
INTENTS = [
    Intent("to Ann by e-mail now", {ANN: "now"}),
    Intent("to somebody who is not known yet", {STRANGER: "now"}, people=[STRANGER]),
    Intent("to Ann in May", {ANN: "later"}, scheduled_at=MAY),
    Intent("to Ann by SMS", {ANN: "now"}, channels=[Channel.SMS]),
    Intent("to Ann by WhatsApp in May", {ANN: "later"}, channels=[Channel.WHATSAPP], scheduled_at=MAY),
    Intent("a link for Ann", {ANN: "registered"}, is_sent=False),
    Intent("a link for Ann until June", {ANN: "registered"}, is_sent=False, expires_at=JUNE),
    Intent("a link for Ben that is nobody's", {BEN: "registered"}, people=[BEN], is_sent=False, is_anonymous=True),
    Intent("to Ann in May until June", {ANN: "later"}, scheduled_at=MAY, expires_at=JUNE),
    Intent("to both, an anonymous survey", {ANN: "now", BEN: "now"}, people=KNOWN, is_anonymous=True),
    Intent("to Ann twice in one call", {ANN: "now"}, people=[ANN, ANN]),
    Intent("with data", {ANN: "now"}, data={"plan": "pro", "seats": 3, "tags": ["a", None]}),
    Intent("in Polish", {ANN: "now"}, locale="pl"),
    Intent("e-mail, after an hour SMS", {ANN: "now"}, channels=[Channel.EMAIL, Channel.SMS], fallback_minutes=60),
    Intent("to both, Ben opted out", {ANN: "now", BEN: "opted_out"}, people=KNOWN, setting=ben_opted_out),
    Intent("to both, Ann is suppressed", {ANN: "suppressed", BEN: "now"}, people=KNOWN, setting=ann_is_suppressed),
    Intent("to both, Ann had it lately", {ANN: "later", BEN: "now"}, people=KNOWN, setting=ann_had_it_lately),
    Intent(
        "to Ann, who was surveyed elsewhere",
        {ANN: "later"},
        setting=ten_hours_between,
        last_sent_at=NOW - timedelta(hours=1),
    ),
    Intent("to Ann, who had another lately", {ANN: "frequency_rule"}, setting=ann_had_another_lately),
    Intent(
        "to Ann by SMS, where only Germany is sent to",
        {ANN: "number_not_allowed"},
        setting=germany_only,
        channels=[Channel.SMS],
    ),
    Intent("to Ann within quiet hours", {ANN: "later"}, setting=it_is_quiet),
    Intent("to both in May until June", {ANN: "later", BEN: "later"}, KNOWN, scheduled_at=MAY, expires_at=JUNE),
    Intent("links for both", {ANN: "registered", BEN: "registered"}, KNOWN, is_sent=False),
]
