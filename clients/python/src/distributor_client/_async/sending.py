"""The shortest way to send: a survey by its name, channels by theirs."""

from collections.abc import Sequence
from typing import Literal, overload
from uuid import UUID

from distributor_client._async.distributions import Distributions
from distributor_client._async.providers import Providers
from distributor_client._async.surveys import Surveys
from distributor_client._async.templates import Templates
from distributor_client.calls import Id, Time
from distributor_client.errors import NotFoundByNameError
from distributor_client.models import (
    Channel,
    ChannelModeEnum,
    DistributionAccepted,
    DistributionBody,
    PlanDocument,
    RecipientBody,
    StepBody,
)


class Sending:
    def __init__(
        self, surveys: Surveys, providers: Providers, templates: Templates, distributions: Distributions
    ) -> None:
        self._surveys = surveys
        self._providers = providers
        self._templates = templates
        self._distributions = distributions

    @overload
    async def send(
        self,
        *,
        survey: Id,
        contacts: Sequence[RecipientBody],
        channels: Sequence[Channel | StepBody],
        name: str | None = None,
        channel_mode: ChannelModeEnum = "single",
        scheduled_at: Time | None = None,
        idempotency_key: str | None = None,
        dry_run: Literal[False] = False,
    ) -> DistributionAccepted: ...

    @overload
    async def send(
        self,
        *,
        survey: Id,
        contacts: Sequence[RecipientBody],
        channels: Sequence[Channel | StepBody],
        name: str | None = None,
        channel_mode: ChannelModeEnum = "single",
        scheduled_at: Time | None = None,
        idempotency_key: str | None = None,
        dry_run: Literal[True],
    ) -> PlanDocument: ...

    async def send(
        self,
        *,
        survey: Id,
        contacts: Sequence[RecipientBody],
        channels: Sequence[Channel | StepBody],
        name: str | None = None,
        channel_mode: ChannelModeEnum = "single",
        scheduled_at: Time | None = None,
        idempotency_key: str | None = None,
        dry_run: bool = False,
    ) -> DistributionAccepted | PlanDocument:
        """Send a survey to up to 1,000 contacts.

        `survey` is an id or a name. A channel such as "email" uses the organisation's default account and template;
        a step names its own. The first channel that reaches a contact is used; with `channel_mode="multi"` one after
        the other. `distributions.create` has everything else. Raises NotFoundByNameError before anything is sent.
        """
        body: DistributionBody = {
            "survey_id": await self._survey_id(survey),
            "steps": await self._steps(channels),
            "audience": {"contacts": [*contacts]},
            "name": name,
            "channel_mode": channel_mode,
            "scheduled_at": scheduled_at,
        }
        if dry_run:
            return await self._distributions.create(dry_run=True, idempotency_key=idempotency_key, **body)
        return await self._distributions.create(idempotency_key=idempotency_key, **body)

    async def _survey_id(self, survey: Id) -> Id:
        try:
            return UUID(str(survey))
        except ValueError:
            pass
        async for each in self._surveys.list(page_size=1000):
            if each.name == survey:
                return each.id
        raise NotFoundByNameError(f"No survey is named {survey!r}.")

    async def _steps(self, channels: Sequence[Channel | StepBody]) -> list[StepBody]:
        """Return the steps. Channels by name get the defaults, which are looked up once."""
        if all(not isinstance(channel, str) for channel in channels):
            return [channel for channel in channels if not isinstance(channel, str)]
        accounts = {each.channel: each.id async for each in self._providers.list(page_size=1000) if each.is_default}
        templates = {each.channel: each.id async for each in self._templates.list(page_size=1000) if each.is_default}
        steps: list[StepBody] = []
        for place, channel in enumerate(channels, 1):
            if not isinstance(channel, str):
                steps.append(channel)
                continue
            for lacking, found in (("account", accounts), ("template", templates)):
                if channel not in found:
                    raise NotFoundByNameError(f"{channel} has no default {lacking}. Pass a step that names one.")
            steps.append(
                {
                    "channel": channel,
                    "provider_ids": [accounts[channel]],
                    "template_id": templates[channel],
                    "priority": place,
                }
            )
        return steps
