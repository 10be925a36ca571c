"""What a request refers to: the survey, and per channel a provider account and a template, all of the caller's own."""

from collections.abc import Sequence
from dataclasses import dataclass

from channels.models import ProviderAccount, Template
from contacts.models import Organization
from distributor.models import Survey
from distributor.rules.requests import DistributionRequest, StepRequest


@dataclass(frozen=True, slots=True)
class UnknownReference:
    """One thing that a request names wrongly. `step` is its position in the request's steps; None for the survey."""

    step: int | None
    what: str  # survey, provider, template
    code: str  # not_found, wrong_channel, inactive


class UnknownReferences(Exception):
    """Everything that a request names and the organisation does not have; nothing was written."""

    def __init__(self, faults: Sequence[UnknownReference]) -> None:
        super().__init__(f"{len(faults)} unknown references")
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Chain:
    """The survey and the steps in the order in which they are tried."""

    survey: Survey
    steps: Sequence[StepRequest]
    channels: Sequence[str]


def check_references(organization: Organization, request: DistributionRequest) -> Chain:
    """The request's survey and ordered steps. Raises UnknownReferences naming every fault at once."""
    survey = Survey.objects.filter(organization=organization, id=request.survey_id).first()
    faults = step_faults(organization, request.steps)
    if survey is None:
        faults.insert(0, UnknownReference(None, "survey", "not_found"))
    if faults or survey is None:
        raise UnknownReferences(faults)
    steps = sorted(request.steps, key=lambda step: step.priority)
    return Chain(survey, steps, [step.channel for step in steps])


def step_faults(organization: Organization, steps: Sequence[StepRequest]) -> list[UnknownReference]:
    """What is wrong with the providers and templates of steps, in the order given."""
    accounts = {
        account.id: account
        for account in ProviderAccount.objects.filter(
            organization=organization, id__in={step.provider_account_id for step in steps}
        ).defer("credentials")
    }
    # A template without a variant has nothing to say.
    templates = {
        template.id: template
        for template in Template.objects.filter(
            organization=organization, id__in={step.template_id for step in steps}, variants__isnull=False
        ).distinct()
    }
    faults = []
    for position, step in enumerate(steps):
        account = accounts.get(step.provider_account_id)
        if account is None:
            faults.append(UnknownReference(position, "provider", "not_found"))
        elif account.channel != step.channel:
            faults.append(UnknownReference(position, "provider", "wrong_channel"))
        elif not account.is_active:
            faults.append(UnknownReference(position, "provider", "inactive"))
        template = templates.get(step.template_id)
        if template is None:
            faults.append(UnknownReference(position, "template", "not_found"))
        elif template.channel != step.channel:
            faults.append(UnknownReference(position, "template", "wrong_channel"))
    return faults
