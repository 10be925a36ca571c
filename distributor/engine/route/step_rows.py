"""Read the rows of a step's context: three statements of our own, because each batch runs them.

The ORM would compile them each time: 30 of 70 ms in the profile of a batch of one recipient.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import UUID

from django.db import connection

from channels.models import Pace, ProviderAccount, Template, TemplateVariant
from contacts.models import Organization
from contacts.row_reading import columns_of, read_joined, read_row
from distributor.models import Distribution, Step, Survey

_DISTRIBUTION: Final = f"""
SELECT {columns_of(Distribution, "d")}, {columns_of(Survey, "s")}, {columns_of(Organization, "o")}
FROM distributor_distribution d JOIN distributor_survey s ON s.id = d.survey_id
JOIN contacts_organization o ON o.id = d.organization_id WHERE d.id = %s
"""  # noqa: S608
# With the step's own account and its stand-in, each with its pace: nearly every step needs them.
_STEPS: Final = f"""
SELECT {columns_of(Step, "step")}, {columns_of(Template, "template")}, {columns_of(ProviderAccount, "account")},
    {columns_of(Pace, "pace")}, {columns_of(ProviderAccount, "stand_in")}, {columns_of(Pace, "stand_in_pace")},
    EXISTS (SELECT FROM distributor_stepaccount named WHERE named.step_id = step.id)
FROM distributor_step step JOIN channels_template template ON template.id = step.template_id
JOIN channels_provideraccount account ON account.id = step.provider_account_id
LEFT JOIN channels_pace pace ON pace.account_id = account.id
LEFT JOIN channels_provideraccount stand_in ON stand_in.id = account.stand_in_id
LEFT JOIN channels_pace stand_in_pace ON stand_in_pace.account_id = stand_in.id
WHERE step.distribution_id = %s AND (step.contact_id IS NULL OR step.id = %s) ORDER BY step.position
"""  # noqa: S608
_VARIANTS: Final = f"""
SELECT {columns_of(TemplateVariant, "v")} FROM channels_templatevariant v WHERE v.template_id = %s
"""  # noqa: S608


class StepRow(NamedTuple):
    """A step with its template and account; `names_accounts`: its accounts are those that the request named."""

    step: Step
    names_accounts: bool


def read_distribution(distribution_id: UUID) -> Distribution:
    """Return a distribution with its survey and organisation. Raises Distribution.DoesNotExist."""
    with connection.cursor() as cursor:
        cursor.execute(_DISTRIBUTION, [distribution_id])
        values = cursor.fetchone()
    if values is None:
        raise Distribution.DoesNotExist
    distribution: Distribution
    distribution, survey, organization = read_joined(values, Distribution, Survey, Organization)
    distribution.survey, distribution.organization = survey, organization
    return distribution


def read_steps(distribution_id: UUID, step_id: UUID) -> list[StepRow]:
    """Return the distribution's steps for everybody, and the one with this id, in their order."""
    with connection.cursor() as cursor:
        cursor.execute(_STEPS, [distribution_id, step_id])
        return [_read_step(values) for values in cursor.fetchall()]


def read_variants(template_id: UUID) -> list[TemplateVariant]:
    """Return the texts of a template, by locale in no order."""
    with connection.cursor() as cursor:
        cursor.execute(_VARIANTS, [template_id])
        return [read_row(TemplateVariant, values) for values in cursor.fetchall()]


def _read_step(values: Sequence[object]) -> StepRow:
    step: Step
    step, template, account, pace, stand_in, stand_in_pace = read_joined(
        values, Step, Template, ProviderAccount, Pace, ProviderAccount, Pace
    )
    _remember_pace(account, pace)
    if stand_in is not None:
        _remember_pace(stand_in, stand_in_pace)
        account.stand_in = stand_in
    step.template, step.provider_account = template, account
    return StepRow(step, bool(values[-1]))


def _remember_pace(account: ProviderAccount, pace: Pace | None) -> None:
    """Let `account.pace` be this row; None: it has none. Otherwise the next reader would ask the database again."""
    ProviderAccount._meta.get_field("pace").set_cached_value(account, pace)
