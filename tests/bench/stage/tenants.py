"""Distributions that a run accepts in its own process, without a web server, for any tenant."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from channels.models import ProviderAccount, Template, TemplateVariant
from contacts.contact_fields import ContactFields
from contacts.models import Organization
from distributor.engine.acceptance.accept import accept
from distributor.models import Batch, Survey
from distributor.models.batch import BatchState
from distributor.rules.requests import DistributionRequest, StepRequest
from tests.bench.stage.contact_supply import person
from tests.bench.stage.database import Stage
from tests.bench.stage.invitation import in_our_placeholders

_NAMES: Mapping[str, str] = {
    "externalId": "external_id",
    "email": "email",
    "firstName": "first_name",
    "lastName": "last_name",
    "embeddedData": "embedded_data",
}


def create_tenant(stage: Stage, slug: str, kind: str = "noop") -> Stage:
    """Create another organisation, with an account that sends nothing (dispatch/noop.py)."""
    organization = Organization.objects.create(name=slug, slug=slug)
    template = Template.objects.create(organization=organization, name="Invitation", channel="email")
    TemplateVariant.objects.create(template=template, locale="en", **in_our_placeholders())
    account = ProviderAccount.objects.create(
        organization=organization, name="Nowhere", kind=kind, channel="email", from_email="survey@example.com"
    )
    survey = Survey.objects.create(organization=organization, name="Post-discharge")
    return replace(
        stage,
        organization_id=organization.id,
        survey_id=survey.id,
        provider_id=account.id,
        template_id=template.id,
    )


def distribute(stage: Stage, numbers: list[int], now: datetime, **fields: Any) -> UUID:
    """Accept a distribution to the contacts of these numbers and return its id. `fields` are the request's."""
    request = DistributionRequest(
        source="bench",
        survey_id=stage.survey_id,
        contacts=[_given(number) for number in numbers],
        steps=[StepRequest("email", stage.provider_id, stage.template_id)],
        **fields,
    )
    organization = Organization.objects.get(id=stage.organization_id)
    return accept(organization, None, request, now).distribution.id


def forget_waiting() -> None:
    """End the batches that earlier scenarios deferred."""
    Batch.objects.exclude(state=BatchState.DONE).update(state=BatchState.DONE, lease_expires_at=None)


def _given(number: int) -> ContactFields:
    return cast(ContactFields, {_NAMES[name]: value for name, value in person(number, year=2026).items()})
