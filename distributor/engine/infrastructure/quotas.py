"""Daily quotas of an organisation: messages on a channel, SMS segments and paid look-ups (docs/decisions/0039).

A day begins at midnight in the organisation's time zone. Without a quota nothing is counted.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

import orjson
from django.db import connection
from django.utils.dateparse import parse_datetime

from contacts.channel import Channel
from contacts.models import Organization
from distributor.models.daily_use import LOOKUP
from distributor.rules.timing.time_zones import first_instant, zone_named

# A raised quota takes effect within this time.
_LONGEST_HOLD: Final = timedelta(minutes=10)
# Grants as many as the quota leaves, and counts them.
GRANT: Final = """
INSERT INTO distributor_dailyuse AS use (organization_id, day, kind, count)
VALUES (%(organization_id)s, %(day)s, %(kind)s,
    CASE WHEN %(segment_quota)s::int = 0 THEN 0 ELSE least(%(wanted)s::int, %(quota)s::int) END)
ON CONFLICT (organization_id, day, kind) DO UPDATE SET count = CASE
    WHEN use.segments >= %(segment_quota)s::int THEN use.count
    ELSE greatest(use.count, least(use.count + %(wanted)s::int, %(quota)s::int)) END
RETURNING new.count - coalesce(old.count, 0) AS granted
"""
_COUNT_SEGMENTS: Final = """
UPDATE distributor_dailyuse SET segments = segments + %(segments)s
WHERE organization_id = %(organization_id)s AND day = %(day)s AND kind = 'sms'
"""
_USE_LOOKUPS: Final = """
INSERT INTO distributor_dailyuse AS use (organization_id, day, kind, count)
SELECT %(organization_id)s, %(day)s, %(kind)s, %(wanted)s::int WHERE %(wanted)s::int <= %(quota)s::int
ON CONFLICT (organization_id, day, kind) DO UPDATE SET count = use.count + %(wanted)s::int
    WHERE use.count + %(wanted)s::int <= %(quota)s::int
RETURNING count
"""
_MARK: Final = "UPDATE contacts_organization SET quotas_used_up = quotas_used_up || %s::jsonb WHERE id = %s"


@dataclass(frozen=True, slots=True)
class Quota:
    """What an organisation may send on a channel on one day. None: any number. `ends_at` is the next midnight."""

    organization: Organization
    kind: str
    messages: int | None
    segments: int | None
    day: date
    ends_at: datetime

    def parameters(self, wanted: int) -> dict[str, Any]:
        """Return the parameters of GRANT."""
        return {
            "organization_id": self.organization.pk,
            "day": self.day,
            "kind": self.kind,
            "wanted": wanted,
            "quota": self.messages,
            "segment_quota": self.segments,
        }

    def hold_until(self, now: datetime) -> datetime:
        return min(self.ends_at, now + _LONGEST_HOLD)

    def __str__(self) -> str:
        counted = ((self.messages, "messages"), (self.segments, "segments"))
        limits = [f"{limit:,} {what}" for limit, what in counted if limit is not None]
        return f"{self.organization} has used up its day's quota for {Channel(self.kind).label}: {' or '.join(limits)}"


class QuotaUsedUpError(Exception):
    """The organisation may not do this before `until`. `kind` is a channel, or LOOKUP."""

    def __init__(self, kind: str, quota: int, until: datetime) -> None:
        super().__init__(f"{kind}: {quota} a day")
        self.kind, self.quota, self.until = kind, quota, until


def quota_of(organization: Organization, channel: str, now: datetime) -> Quota | None:
    """Return today's quota of a channel; None if there is none."""
    messages = organization.messages_per_day[channel]
    segments = organization.segments_per_day if channel == Channel.SMS else None
    if messages is None and segments is None:
        return None
    return Quota(organization, channel, messages, segments, *_today(organization, now))


def mark_used_up(quota: Quota) -> None:
    """Note on the organisation that the quota is used up, where every call reads it without a further query."""
    noted = {quota.kind: {"until": quota.ends_at.isoformat(), "limits": [quota.messages, quota.segments]}}
    with connection.cursor() as cursor:
        cursor.execute(_MARK, [orjson.dumps(noted).decode(), quota.organization.pk])


def refuse_if_used_up(organization: Organization, channel: str, leaves_at: datetime) -> None:
    """Raise QuotaUsedUpError if a message that leaves then would only wait for the next day.

    Not if the quota was changed since it was used up.
    """
    noted = organization.quotas_used_up.get(channel)
    if noted is None:
        return
    until = parse_datetime(noted["until"])
    quota = quota_of(organization, channel, leaves_at)
    if quota is None or until is None or leaves_at >= until or [quota.messages, quota.segments] != noted["limits"]:
        return
    raise QuotaUsedUpError(channel, quota.messages if quota.messages is not None else quota.segments or 0, until)


def count_segments(quota: Quota, segments: int) -> None:
    """Add segments that were handed over."""
    parameters: dict[str, Any] = {"organization_id": quota.organization.pk, "day": quota.day, "segments": segments}
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_SEGMENTS, parameters)


def use_lookups(organization: Organization, count: int, now: datetime) -> None:
    """Count paid look-ups before they are made. Raise QuotaUsedUpError, and count none, if they are too many."""
    if organization.lookups_per_day is None:
        return
    quota = Quota(organization, LOOKUP, organization.lookups_per_day, None, *_today(organization, now))
    with connection.cursor() as cursor:
        cursor.execute(_USE_LOOKUPS, quota.parameters(count))
        if cursor.fetchone() is None:
            raise QuotaUsedUpError(LOOKUP, organization.lookups_per_day, quota.ends_at)


def _today(organization: Organization, now: datetime) -> tuple[date, datetime]:
    """Return the organisation's day, and when it ends."""
    zone = zone_named(organization.time_zone, "UTC")
    day = now.astimezone(zone).date()
    return day, first_instant(datetime.combine(day + timedelta(days=1), time()), zone)
