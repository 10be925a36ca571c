from collections.abc import Callable, Iterator
from typing import Any

import pytest

from channels.models import ProviderAccount, Template
from channels.providers import registry
from contacts.channel import Channel
from contacts.models import Organization
from distributor.engine.acceptance import Accepted, accept
from distributor.engine.clock import database_now
from distributor.engine.expansion import accept_selection
from distributor.models import Distribution, Survey
from distributor.rules.requests import AudienceRules, DistributionRequest, Selection, StepRequest
from tests.engine.people import given

Send = Callable[..., Accepted]
SendTo = Callable[..., Distribution]


@pytest.fixture
def send(
    organization: Organization,
    survey: Survey,
    accounts: dict[Channel, ProviderAccount],
    templates: dict[Channel, Template],
) -> Send:
    """Accept a distribution of ACME's to so many people, or to the contacts given."""

    def send(
        people: int | list[Any] = 1, *channels: Channel, audience: AudienceRules | None = None, **fields: Any
    ) -> Accepted:
        contacts = [given(number) for number in range(people)] if isinstance(people, int) else people
        delays = fields.pop("fallback_delay_minutes", None)
        further = [account.id for account in fields.pop("further_accounts", ())]
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
            survey_id=survey.id,
            contacts=contacts,
            steps=steps,
            audience=audience or AudienceRules(),
            **fields,
        )
        return accept(organization, None, request, database_now())

    return send


@pytest.fixture
def send_to(
    organization: Organization,
    survey: Survey,
    accounts: dict[Channel, ProviderAccount],
    templates: dict[Channel, Template],
) -> SendTo:
    """Accept a distribution of ACME's to a selection."""

    def send_to(selection: Selection, *channels: Channel, **fields: Any) -> Distribution:
        steps = [
            StepRequest(channel, accounts[channel].id, templates[channel].id, priority)
            for priority, channel in enumerate(channels or (Channel.EMAIL,), start=1)
        ]
        request = DistributionRequest(source="test", survey_id=survey.id, contacts=(), steps=steps, **fields)
        return accept_selection(organization, None, request, selection, database_now())

    return send_to


@pytest.fixture
def kinds() -> Iterator[dict[str, str]]:
    """The registry of providers, to which a test may add kinds of its own."""
    before = dict(registry.PROVIDERS)
    yield registry.PROVIDERS
    registry.PROVIDERS.clear()
    registry.PROVIDERS.update(before)
