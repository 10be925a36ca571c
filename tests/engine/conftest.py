from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from channels.models import ProviderAccount, Template
from channels.providers import registry
from contacts.channel import Channel
from contacts.ids import new_id
from contacts.models import Contact, MailingList, Membership, Organization
from distributor.engine.acceptance.accept import Accepted, accept
from distributor.engine.audience.expand import accept_selection
from distributor.engine.follow_up.add import add_follow_up
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Distribution, Step, Survey
from distributor.rules.journey.chain import StepKind
from distributor.rules.requests import AudienceRules, DistributionRequest, Selection, StepRequest
from tests.support.engine.people import given

Send = Callable[..., Accepted]
SendTo = Callable[..., Distribution]
Follow = Callable[..., Step]
Ask = Callable[..., DistributionRequest]
OF_INVITATIONS = {"fallback_delay_minutes", "weights", "has_fixed_split", "from_email", "subject"}


@pytest.fixture
def ask(survey: Survey, accounts: dict[Channel, ProviderAccount], templates: dict[Channel, Template]) -> Ask:
    """Make a request of ACME to this many people, or to the given contacts.

    `of` is the survey (default: the fixture). `reminders` and `thank_yous` are pairs of a channel and a delay in
    minutes. `further_accounts` and OF_INVITATIONS are the invitations'; the other keywords are fields of the request.
    """

    def step(kind: StepKind, priority: int, channel: Channel, **fields: Any) -> StepRequest:
        return StepRequest(
            channel=channel,
            provider_account_id=accounts[channel].id,
            template_id=templates[channel].id,
            priority=priority,
            kind=kind,
            **fields,
        )

    def ask(
        people: int | list[Any] = 1, *channels: Channel, audience: AudienceRules | None = None, **fields: Any
    ) -> DistributionRequest:
        contacts = [given(number) for number in range(people)] if isinstance(people, int) else people
        further = [account.id for account in fields.pop("further_accounts", ())]
        own = {name: fields.pop(name) for name in OF_INVITATIONS & fields.keys()}
        follow_ups = [
            step(kind, priority, channel, delay_minutes=minutes)
            for kind in (StepKind.REMINDER, StepKind.THANK_YOU)
            for priority, (channel, minutes) in enumerate(fields.pop(f"{kind}s", ()), start=1)
        ]
        invitations = [
            step(StepKind.INVITATION, priority, channel, further_account_ids=further, **own)
            for priority, channel in enumerate(channels or (Channel.EMAIL,), start=1)
        ]
        return DistributionRequest(
            source="test",
            survey_id=fields.pop("of", survey).id,
            contacts=contacts,
            steps=[*follow_ups, *invitations],
            audience=audience or AudienceRules(),
            **fields,
        )

    return ask


@pytest.fixture
def send(organization: Organization, ask: Ask) -> Send:
    """Accept such a request now, or at the time `at`."""

    def send(*args: Any, at: datetime | None = None, **fields: Any) -> Accepted:
        return accept(organization, None, ask(*args, **fields), at or database_now())

    return send


@pytest.fixture
def send_to(
    organization: Organization,
    survey: Survey,
    accounts: dict[Channel, ProviderAccount],
    templates: dict[Channel, Template],
) -> SendTo:
    """Accept a distribution to a selection. Workers expand it, unless it has at most `at_once` contacts."""

    def send_to(selection: Selection, *channels: Channel, at_once: int = 0, **fields: Any) -> Distribution:
        steps = [
            StepRequest(channel, accounts[channel].id, templates[channel].id, priority)
            for priority, channel in enumerate(channels or (Channel.EMAIL,), start=1)
        ]
        request = DistributionRequest(source="test", survey_id=survey.id, contacts=(), steps=steps, **fields)
        return accept_selection(organization, None, request, selection, database_now(), at_once=at_once)

    return send_to


@pytest.fixture
def follow(accounts: dict[Channel, ProviderAccount], templates: dict[Channel, Template]) -> Follow:
    """Add a reminder (or `kind`) to a distribution, for the time `at` (default: now), without arming it."""

    def follow(
        distribution: Distribution,
        channel: Channel = Channel.EMAIL,
        *,
        kind: StepKind = StepKind.REMINDER,
        at: datetime | None = None,
        contact_id: UUID | None = None,
        **fields: Any,
    ) -> Step:
        now = database_now()
        references = {"provider_account_id": accounts[channel].id, "template_id": templates[channel].id}
        asked = StepRequest(**{"channel": channel, **references, **fields}, kind=kind, scheduled_at=at or now)
        return add_follow_up(distribution.pk, asked, now, contact_id=contact_id)

    return follow


@pytest.fixture
def crowd(organization: Organization) -> list[Contact]:
    """25 contacts, in the order of their IDs."""
    return Contact.objects.bulk_create(
        Contact(
            id=new_id(),
            organization=organization,
            external_id=f"PAT-{number}",
            email=f"person{number}@example.com",
            phone=f"+486000{number:05}",
            embedded_data={"ward": "B" if number % 5 else "A", "seen": number},
        )
        for number in range(25)
    )


@pytest.fixture
def mailing_list(organization: Organization, crowd: list[Contact]) -> MailingList:
    """A list of the whole crowd."""
    made = MailingList.objects.create(organization=organization, name="Ward B")
    Membership.objects.bulk_create(Membership(mailing_list=made, contact=contact) for contact in crowd)
    return made


@pytest.fixture
def kinds() -> Iterator[dict[str, str]]:
    """The registry of providers. A test may add kinds to it."""
    before = dict(registry.PROVIDERS)
    yield registry.PROVIDERS
    registry.PROVIDERS.clear()
    registry.PROVIDERS.update(before)
