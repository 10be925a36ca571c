"""Any small request, to any few people: the plan is what then happens, and planning changes nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from contacts.channel import Channel
from contacts.models import Contact, Organization, Suppression
from distributor.models import Survey
from distributor.rules.requests import AudienceRules, RecipientOptions, Throttle
from distributor.rules.timing.throttle import ThrottlePolicy
from tests.engine.conftest import Ask
from tests.support.engine import people
from tests.support.engine.forecasts import NOW, check_dry_run, make_contacted_person, set_quiet_hours

PEOPLE = 4
hours = st.integers(1, 100).map(lambda count: timedelta(hours=count))
to_come = hours.map(lambda wait: NOW + wait)
gone = hours.map(lambda since: NOW - since)
zones = st.sampled_from(["", "America/New_York", "Asia/Kathmandu", "no/zone"])
throttles = st.builds(
    Throttle,
    st.sampled_from([timedelta(seconds=90), timedelta(hours=30), timedelta(days=3)]),
    st.sampled_from([ThrottlePolicy.DEFER, ThrottlePolicy.SKIP]),
)


@st.composite
def worlds(draw: st.DrawFn) -> Callable[[Organization, Survey], None]:
    """What an organisation knows and demands before the call."""
    quiet = draw(st.none() | st.lists(st.integers(0, 23), min_size=2, max_size=2, unique=True))
    weekdays = draw(st.sampled_from([[1, 2, 3, 4, 5, 6, 7], [2, 4]]))
    minimum_days = draw(st.none() | st.integers(1, 3))
    known = draw(st.lists(st.tuples(zones, st.none() | gone), max_size=PEOPLE))
    touches = draw(st.lists(st.tuples(gone, st.booleans()), max_size=PEOPLE))
    shut = draw(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(Channel), st.sampled_from(["stop", "bounce"]))))

    def make(organization: Organization, survey: Survey) -> None:
        organization.minimum_days_between_contacts, organization.send_weekdays = minimum_days, weekdays
        organization.save()
        if quiet:
            set_quiet_hours(organization, *quiet)
        for number, (last_sent_at, is_of_this_survey) in enumerate(touches):
            make_contacted_person(organization, number, last_sent_at, survey if is_of_this_survey else None)
        for number, (zone, opted_out_at) in enumerate(known):
            Contact.objects.update_or_create(
                organization=organization,
                external_id=f"PAT-{number}",
                defaults={"time_zone": zone, "opted_out_at": opted_out_at},
            )
        for number, channel, reason in set(shut):
            address = f"person{number}@example.com" if channel is Channel.EMAIL else f"+486000{number:05}"
            Suppression.objects.create(organization=organization, channel=channel, address=address, reason=reason)

    return make


@st.composite
def requests(draw: st.DrawFn) -> tuple[list[Any], list[Channel], dict[str, Any]]:
    """Contacts, channels and all else that `ask` takes."""
    missing = st.sampled_from(["last_name", "email", "phone"])
    contacts = [people.given(number) | {draw(missing): ""} for number in range(PEOPLE)]
    fields: dict[str, Any] = {
        "is_multi": draw(st.booleans()),
        "reminders": draw(st.lists(st.tuples(st.sampled_from(Channel), st.sampled_from([1, 90, 2_000])), max_size=2)),
        "thank_yous": [(Channel.EMAIL, 0)],
        "fallback_delay_minutes": draw(st.sampled_from([None, 0, 7, 1_000])),
        "scheduled_at": draw(st.none() | to_come | gone),
        "not_after": draw(st.none() | to_come),
        "expires_at": draw(st.none() | to_come),
        "throttle": draw(st.none() | throttles),
        "audience": AudienceRules(
            exclude_opted_out=draw(st.booleans()),
            respect_frequency_rules=draw(st.booleans()),
            exclude_recently_contacted=draw(st.booleans()),
            recent_contact_days=2,
        ),
    }
    if draw(st.booleans()):
        own = st.builds(RecipientOptions, when=st.none() | to_come | gone, last_sent_at=st.none() | to_come | gone)
        fields["options"] = [draw(own) for _ in contacts]
    return (
        contacts,
        draw(st.permutations(list(Channel)).flatmap(lambda all_: st.integers(1, 3).map(lambda n: all_[:n]))),
        fields,
    )


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(make=worlds(), said=requests())
def test_any_plan_is_what_then_happens(
    organization: Organization,
    survey: Survey,
    ask: Ask,
    make: Callable[[Organization, Survey], None],
    said: tuple[list[Any], list[Channel], dict[str, Any]],
) -> None:
    contacts, channels, fields = said
    with transaction.atomic():
        make(organization, survey)
        foreseen = check_dry_run(organization, ask(contacts, *channels, **fields))
        for one in foreseen.contacts:
            event(f"{len(one.forecast.steps)} steps" if one.refusal is None else one.refusal.reason)
        transaction.set_rollback(True)
