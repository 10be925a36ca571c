"""Recipients made directly, without acceptance and dispatch, for tests that start with a link."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.models import Contact, Organization
from distributor.models import Batch, Distribution, Recipient, Step, Survey
from distributor.models.batch import Lane
from distributor.rules.link_codes import mint_codes

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
AN_HOUR = timedelta(hours=1)


def make_organization(**fields: Any) -> Organization:
    slug = f"clinic-{Organization.objects.count() + 1}"
    return Organization.objects.create(**{"name": "Jasna Clinic", "slug": slug, **fields})


def make_survey(organization: Organization | None = None, **fields: Any) -> Survey:
    organization = organization or make_organization()
    return Survey.objects.create(**{"organization": organization, "name": "After your visit", **fields})


def make_contact(organization: Organization, **fields: Any) -> Contact:
    number = Contact.objects.count() + 1
    known = {"external_id": f"p-{number}", "email": f"Person.{number}@Example.com", "phone": f"+4860000{number:04}"}
    return Contact.objects.create(organization=organization, **{**known, **fields})


def make_journey(
    survey: Survey | None = None,
    contact: Contact | None = None,
    *,
    channel: Channel = Channel.EMAIL,
    expires_at: datetime | None = None,
    counts: Mapping[str, int] | None = None,
    **fields: Any,
) -> Recipient:
    """Make a distribution with one recipient, who waits unless `fields` say otherwise. `counts` are its counters."""
    survey = survey or make_survey()
    organization = survey.organization
    contact = contact or make_contact(organization)
    distribution = Distribution.objects.create(
        organization=organization,
        survey=survey,
        source="test",
        expires_at=expires_at,
        accepted_count=1,
        created_at=NOW,
        **(counts or {}),
    )
    step = Step.objects.create(
        distribution=distribution,
        position=0,
        channel=channel,
        provider_account=ProviderAccount.objects.create(
            organization=organization, name="Sandbox", kind="sandbox", channel=channel
        ),
        template=Template.objects.create(organization=organization, name="Invitation", channel=channel),
    )
    batch = Batch.objects.create(
        organization_id=organization.pk, distribution=distribution, step=step, lane=Lane.URGENT, due_at=NOW, size=1
    )
    return Recipient.objects.create(
        distribution=distribution, contact=contact, code=mint_codes(1)[0], batch=batch, **fields
    )


def make_sent_journey(survey: Survey | None = None, contact: Contact | None = None, **fields: Any) -> Recipient:
    """Make a recipient who was sent to and waits for nothing more."""
    finished = {"state": "finished", "outcome": "sent", "first_sent_at": NOW - AN_HOUR, "attempt_count": 1}
    return make_journey(survey, contact, **{"counts": {"sent_count": 1}, **finished, **fields})


def counts_of(recipient: Recipient) -> dict[str, int]:
    """Return the distribution's counts that are not zero."""
    distribution = Distribution.objects.get(pk=recipient.distribution_id)
    names = ("sent", "failed", "indeterminate", "stopped", "opened", "responded")
    return {name: count for name in names if (count := getattr(distribution, f"{name}_count"))}
