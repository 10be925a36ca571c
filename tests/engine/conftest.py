from collections.abc import Callable, Iterator
from typing import Any

import pytest

from channels.models import ProviderAccount, Template
from channels.providers import registry
from contacts.channel import Channel
from contacts.models import Organization
from distributor.engine.acceptance import Accepted, accept
from distributor.engine.clock import database_now
from distributor.models import Survey
from distributor.rules.chaining import StepKind
from distributor.rules.requests import AudienceRules, DistributionRequest, StepRequest
from tests.engine.people import given

Send = Callable[..., Accepted]


@pytest.fixture
def send(
    organization: Organization,
    survey: Survey,
    accounts: dict[Channel, ProviderAccount],
    templates: dict[Channel, Template],
) -> Send:
    """Accept a distribution of ACME's to so many people, or to the contacts given.

    `at` is the moment of the call (now), `of` the survey (the standing one); the rest is the request's.
    `reminders` and `thank_yous` are pairs of a channel and a delay in minutes.
    """

    def send(
        people: int | list[Any] = 1, *channels: Channel, audience: AudienceRules | None = None, **fields: Any
    ) -> Accepted:
        contacts = [given(number) for number in range(people)] if isinstance(people, int) else people
        now = fields.pop("at", None) or database_now()
        delays = fields.pop("fallback_delay_minutes", None)
        further = [account.id for account in fields.pop("further_accounts", ())]
        after = [
            StepRequest(
                channel=channel,
                provider_account_id=accounts[channel].id,
                template_id=templates[channel].id,
                kind=kind,
                delay_minutes=minutes,
                priority=priority,
            )
            for kind in (StepKind.REMINDER, StepKind.THANK_YOU)
            for priority, (channel, minutes) in enumerate(fields.pop(f"{kind}s", ()), start=1)
        ]
        weights, from_email = fields.pop("weights", ()), fields.pop("from_email", "")
        steps = [
            StepRequest(
                channel=channel,
                provider_account_id=accounts[channel].id,
                template_id=templates[channel].id,
                priority=priority,
                fallback_delay_minutes=delays,
                further_account_ids=further,
                weights=weights,
                from_email=from_email,
            )
            for priority, channel in enumerate(channels or (Channel.EMAIL,), start=1)
        ]
        request = DistributionRequest(
            source="test",
            survey_id=fields.pop("of", survey).id,
            contacts=contacts,
            steps=[*after, *steps],
            audience=audience or AudienceRules(),
            **fields,
        )
        return accept(organization, None, request, now)

    return send


@pytest.fixture
def kinds() -> Iterator[dict[str, str]]:
    """The registry of providers, to which a test may add kinds of its own."""
    before = dict(registry.PROVIDERS)
    yield registry.PROVIDERS
    registry.PROVIDERS.clear()
    registry.PROVIDERS.update(before)
