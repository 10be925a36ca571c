"""Check a request's references: its survey, provider accounts and templates must belong to the organisation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from uuid import UUID

from django.db import connection

from contacts.models import Organization
from distributor.engine.acceptance.own_texts import with_own_templates
from distributor.engine.infrastructure.sql_params import array_of
from distributor.rules.journey.chain import StepKind, step_order
from distributor.rules.requests import DistributionRequest, StepRequest

# One query instead of three, because every call runs it. A template without variants counts as missing.
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


class Referenced(NamedTuple):
    """A survey, provider account or template that exists."""

    channel: str
    is_active: bool
    throttle_minutes: int | None


# What exists, by kind (survey, provider, template) and id.
References = Mapping[tuple[str, UUID], Referenced]
NOTHING_READ: Final[References] = {}


@dataclass(frozen=True, slots=True)
class UnknownReference:
    """A reference that is wrong. `step` is its position in the request's steps; None for the survey and the list."""

    step: int | None
    what: str  # survey, provider, template, list
    code: str  # not_found, wrong_channel, inactive


class UnknownReferencesError(Exception):
    """The request refers to things that the organisation does not have or cannot use; nothing was written."""

    def __init__(self, faults: Sequence[UnknownReference]) -> None:
        super().__init__(f"{len(faults)} unknown references")
        self.faults = faults


class SenderNotAllowedError(Exception):
    """Steps have senders or reply-to addresses that the organisation does not allow; nothing was written."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(" ".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Chain:
    """A survey with its steps, in the order in which they run. `invitation_channels` has one entry per invitation."""

    survey_id: UUID
    throttle_minutes: int | None  # the survey's setting
    steps: Sequence[StepRequest]
    invitation_channels: Sequence[str]

    @property
    def all_channels(self) -> Sequence[str]:
        """The channels of all steps, including reminders and thank-yous, each once."""
        return list(dict.fromkeys(step.channel for step in self.steps))


def check_references(
    organization: Organization, request: DistributionRequest, read_before: References = NOTHING_READ
) -> Chain:
    """Return the request's chain. Raises UnknownReferencesError with all faults at once, and SenderNotAllowedError.

    `read_before` are references that this call has read already. If they are all, none is read again.
    """
    given_steps = with_own_templates(organization, request.steps)
    referenced = _find_referenced(organization, request.survey_id, given_steps, read_before)
    survey = referenced.get(("survey", request.survey_id))
    faults = _step_faults(referenced, given_steps)
    if survey is None:
        faults.insert(0, UnknownReference(None, "survey", "not_found"))
    if faults or survey is None:
        raise UnknownReferencesError(faults)
    check_senders(organization, given_steps)
    steps = sorted(given_steps, key=lambda step: step_order(step.kind, step.priority))
    invitations = [step.channel for step in steps if step.kind is StepKind.INVITATION]
    return Chain(request.survey_id, survey.throttle_minutes, steps, invitations)


def check_senders(organization: Organization, steps: Sequence[StepRequest]) -> None:
    """Raise SenderNotAllowedError with all faults of the steps' own senders."""
    rules = organization.sender_rules
    faults = [fault for step in steps for fault in rules.faults(step.from_email, step.reply_to_email)]
    if faults:
        raise SenderNotAllowedError(list(dict.fromkeys(faults)))


def step_faults(organization: Organization, steps: Sequence[StepRequest]) -> list[UnknownReference]:
    """Return the wrong references to providers and templates, in the order of the steps."""
    return _step_faults(_find_referenced(organization, None, steps), steps)


def _step_faults(referenced: References, steps: Sequence[StepRequest]) -> list[UnknownReference]:
    faults = []
    for position, step in enumerate(steps):
        accounts = [("provider", account_id) for account_id in step.account_ids]
        for what, reference_id in (*accounts, ("template", step.template_id)):
            found = referenced.get((what, reference_id))
            if found is None:
                faults.append(UnknownReference(position, what, "not_found"))
            elif found.channel != step.channel:
                faults.append(UnknownReference(position, what, "wrong_channel"))
            elif not found.is_active:
                faults.append(UnknownReference(position, what, "inactive"))
    return faults


def _find_referenced(
    organization: Organization,
    survey_id: UUID | None,
    steps: Sequence[StepRequest],
    read_before: References = NOTHING_READ,
) -> References:
    """Return the references that exist, by kind (`what`) and id."""
    accounts = {account_id for step in steps for account_id in step.account_ids}
    templates = {step.template_id for step in steps}
    wanted = {("survey", survey_id), *(("provider", id) for id in accounts), *(("template", id) for id in templates)}
    if wanted <= read_before.keys():
        return read_before
    parameters = {
        "organization_id": organization.pk,
        "survey_id": survey_id,
        "accounts": array_of(accounts),
        "templates": array_of(templates),
    }
    with connection.cursor() as cursor:
        cursor.execute(_REFERENCES, parameters)
        return {(what, reference_id): Referenced(*columns) for what, reference_id, *columns in cursor}
