"""What a request refers to: the survey, and per channel a provider account and a template, all of the caller's own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from contacts.models import Organization
from distributor.engine.infrastructure.sql_params import array_of
from distributor.rules.journey.chain import StepKind, step_order
from distributor.rules.requests import DistributionRequest, StepRequest

# One question instead of three: every call asks it. A template without a variant has nothing to say.
_REFERENCES = """
SELECT 'survey', id, '', true, throttle_minutes FROM distributor_survey
WHERE organization_id = %(organization_id)s AND id = %(survey_id)s
UNION ALL
SELECT 'provider', id, channel, is_active, NULL FROM channels_provideraccount
WHERE organization_id = %(organization_id)s AND id = ANY(%(accounts)s::uuid[])
UNION ALL
SELECT 'template', id, channel, true, NULL FROM channels_template t
WHERE organization_id = %(organization_id)s AND id = ANY(%(templates)s::uuid[])
    AND EXISTS (SELECT FROM channels_templatevariant WHERE template_id = t.id)
"""


class _Found(NamedTuple):
    channel: str
    is_active: bool
    throttle_minutes: int | None


@dataclass(frozen=True, slots=True)
class UnknownReference:
    """One thing that a request names wrongly. `step` is its position in the request's steps; None for the survey."""

    step: int | None
    what: str  # survey, provider, template
    code: str  # not_found, wrong_channel, inactive


class UnknownReferencesError(Exception):
    """Everything that a request names and the organisation does not have; nothing was written."""

    def __init__(self, faults: Sequence[UnknownReference]) -> None:
        super().__init__(f"{len(faults)} unknown references")
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Chain:
    """The survey and the steps in the order in which they are tried; `channels` are those of the invitations."""

    survey_id: UUID
    throttle_minutes: int | None  # the survey's own
    steps: Sequence[StepRequest]
    channels: Sequence[str]

    @property
    def every_channel(self) -> Sequence[str]:
        """Of all steps, reminders and thank-yous too, each once."""
        return list(dict.fromkeys(step.channel for step in self.steps))


def check_references(organization: Organization, request: DistributionRequest) -> Chain:
    """The request's ordered steps. Raises UnknownReferences naming every fault at once."""
    found = _find(organization, request.survey_id, request.steps)
    survey = found.get(("survey", request.survey_id))
    faults = _step_faults(found, request.steps)
    if survey is None:
        faults.insert(0, UnknownReference(None, "survey", "not_found"))
    if faults or survey is None:
        raise UnknownReferencesError(faults)
    steps = sorted(request.steps, key=lambda step: step_order(step.kind, step.priority))
    invitations = [step.channel for step in steps if step.kind is StepKind.INVITATION]
    return Chain(request.survey_id, survey.throttle_minutes, steps, invitations)


def step_faults(organization: Organization, steps: Sequence[StepRequest]) -> list[UnknownReference]:
    """What is wrong with the providers and templates of steps, in the order given."""
    return _step_faults(_find(organization, None, steps), steps)


def _step_faults(found: Mapping[tuple[str, UUID], _Found], steps: Sequence[StepRequest]) -> list[UnknownReference]:
    faults = []
    for position, step in enumerate(steps):
        accounts = [("provider", account_id) for account_id in step.account_ids]
        for what, named in (*accounts, ("template", step.template_id)):
            one = found.get((what, named))
            if one is None:
                faults.append(UnknownReference(position, what, "not_found"))
            elif one.channel != step.channel:
                faults.append(UnknownReference(position, what, "wrong_channel"))
            elif not one.is_active:
                faults.append(UnknownReference(position, what, "inactive"))
    return faults


def _find(
    organization: Organization, survey_id: UUID | None, steps: Sequence[StepRequest]
) -> dict[tuple[str, UUID], _Found]:
    """What there is of all that is named, by what it is and its id."""
    named = {
        "organization_id": organization.pk,
        "survey_id": survey_id,
        "accounts": array_of({account_id for step in steps for account_id in step.account_ids}),
        "templates": array_of({step.template_id for step in steps}),
    }
    with connection.cursor() as cursor:
        cursor.execute(_REFERENCES, named)
        return {(what, found_id): _Found(*rest) for what, found_id, *rest in cursor}
