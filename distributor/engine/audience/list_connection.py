"""Connect a list to a survey, so that people added to the list are invited."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from contacts.models import MailingList
from distributor.engine.acceptance.references import UnknownReference, UnknownReferencesError, step_faults
from distributor.models import ConnectionStep, ListConnection, Survey
from distributor.rules.requests import StepRequest


@transaction.atomic
def connect_list(
    mailing_list: MailingList, survey_id: UUID, steps: Sequence[StepRequest], *, is_multi: bool, is_active: bool
) -> tuple[ListConnection, bool]:
    """Create or replace the list's connection. Return it, and whether it is new.

    Raises UnknownReferencesError, and MailingList.DoesNotExist if the list has been deleted meanwhile.
    """
    # Simultaneous calls that add people to the list use either the old connection or the new one, never a mixture.
    MailingList.objects.select_for_update(no_key=True).get(pk=mailing_list.pk)
    faults = connection_faults(mailing_list, survey_id, steps)
    if faults:
        raise UnknownReferencesError(faults)
    mode = "multi" if is_multi else "single"
    connection, is_new = ListConnection.objects.update_or_create(
        mailing_list=mailing_list, defaults={"survey_id": survey_id, "mode": mode, "is_active": is_active}
    )
    connection.steps.all().delete()
    ConnectionStep.objects.bulk_create(
        ConnectionStep(
            connection=connection,
            priority=step.priority,
            provider_account_id=step.provider_account_id,
            template_id=step.template_id,
            fallback_delay_minutes=step.fallback_delay_minutes,
        )
        for step in steps
    )
    return connection, is_new


def connection_faults(
    mailing_list: MailingList, survey_id: UUID | None, steps: Sequence[StepRequest]
) -> list[UnknownReference]:
    """Return the wrong references of a connection."""
    organization = mailing_list.organization
    faults = step_faults(organization, steps)
    if survey_id and not Survey.objects.filter(organization=organization, pk=survey_id).exists():
        faults.insert(0, UnknownReference(None, "survey", "not_found"))
    return faults
