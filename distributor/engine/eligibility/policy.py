"""The terms of a distribution: the settings of its request together with those of its organisation."""

from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil

from contacts.models import Organization
from contacts.models.api_key import KeyKind
from distributor.models import Distribution
from distributor.rules.eligibility import ContactLimits
from distributor.rules.requests import AudienceRules
from distributor.rules.timing.departure import Terms
from distributor.rules.timing.quiet_hours import QuietHours
from distributor.rules.timing.throttle import ThrottlePolicy
from distributor.rules.timing.timetable import Timetable


def contact_limits(organization: Organization, audience: AudienceRules) -> ContactLimits:
    """Return how soon a contact may be sent to again under these audience rules."""
    return ContactLimits(
        organization.minimum_days_between_contacts if audience.respect_frequency_rules else None,
        audience.recent_contact_days if audience.exclude_recently_contacted else None,
    )


def quiet_hours(organization: Organization) -> QuietHours:
    return QuietHours(organization.quiet_from, organization.quiet_until, frozenset(organization.send_weekdays))


def terms_of(distribution: Distribution) -> Terms:
    """Return a stored distribution's terms, as they apply right before a message leaves.

    The distribution is loaded with its organisation. The terms lack `not_after` and `expires_at`: these may have
    changed since the distribution was read (engine/control.py), so the caller adds the current ones.
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
    """Convert terms of acceptance to those that will apply right before a message leaves, if nothing changes."""
    minutes = throttle_minutes(terms)
    return replace(
        terms,
        timetable=Timetable(not_after=terms.timetable.not_after, expires_at=terms.timetable.expires_at),
        throttle=None if minutes is None else timedelta(minutes=minutes),
        accepted_at=accepted_at,
    )


def throttle_minutes(terms: Terms) -> int | None:
    """Return the throttle interval as a distribution stores it: in whole minutes, rounded up."""
    return None if terms.throttle is None else ceil(terms.throttle / timedelta(minutes=1))


def team_of(organization: Organization, key_kind: str) -> frozenset[str] | None:
    """Return the only addresses that distributions of such a key are sent to; None: any."""
    return frozenset(organization.team_addresses) if key_kind == KeyKind.TEAM else None
