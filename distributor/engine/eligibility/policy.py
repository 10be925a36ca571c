"""The terms of a distribution: what it asks for itself, and what its organisation demands of all."""

from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil

from contacts.models import Organization
from distributor.models import Distribution
from distributor.rules.eligibility import ContactLimits
from distributor.rules.requests import AudienceRules
from distributor.rules.timing.departure import Terms
from distributor.rules.timing.quiet_hours import QuietHours
from distributor.rules.timing.throttle import ThrottlePolicy
from distributor.rules.timing.timetable import Timetable


def contact_limits(organization: Organization, audience: AudienceRules) -> ContactLimits:
    """How soon the request lets a contact be sent to again."""
    return ContactLimits(
        organization.minimum_days_between_contacts if audience.respect_frequency_rules else None,
        audience.recent_contact_days if audience.exclude_recently_contacted else None,
    )


def quiet_hours(organization: Organization) -> QuietHours:
    return QuietHours(organization.quiet_from, organization.quiet_until, frozenset(organization.send_weekdays))


def terms_of(distribution: Distribution) -> Terms:
    """As they are right before a message leaves; its survey and organisation are loaded with it.

    The ends are left out: they may have been moved since the distribution was read (engine/control.py).
    """
    audience = AudienceRules(
        respect_frequency_rules=distribution.respect_frequency_rules,
        exclude_recently_contacted=distribution.exclude_recently_contacted,
        recent_contact_days=distribution.recent_contact_days,
    )
    throttle = timedelta(minutes=distribution.throttle_minutes or 0)
    return Terms(
        contact_limits(distribution.organization, audience),
        Timetable(),
        quiet_hours(distribution.organization),
        throttle or None,
        ThrottlePolicy(distribution.throttle_policy),
        distribution.created_at,
    )


def terms_at_dispatch(terms: Terms, accepted_at: datetime) -> Terms:
    """What acceptance's terms will be right before a message leaves, with the ends as they are now."""
    minutes = throttle_minutes(terms)
    return replace(
        terms,
        timetable=Timetable(not_after=terms.timetable.not_after, expires_at=terms.timetable.expires_at),
        throttle=None if minutes is None else timedelta(minutes=minutes),
        accepted_at=accepted_at,
    )


def throttle_minutes(terms: Terms) -> int | None:
    """As a distribution keeps them: whole minutes, never too few."""
    return None if terms.throttle is None else ceil(terms.throttle / timedelta(minutes=1))
