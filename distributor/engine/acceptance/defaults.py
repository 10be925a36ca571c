"""Find an organisation's defaults for a request: a channel's provider account and template, a survey's locale."""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from contacts.channel import Channel
from contacts.models import Organization
from distributor.engine.acceptance.references import Referenced, References
from distributor.rules.requests import StepRequest

# One query instead of three. It returns a row even if the survey does not exist, so that callers can report a missing
# survey and missing defaults together.
_DEFAULTS = """
SELECT account.id, account.is_active,
    template.id, EXISTS (SELECT FROM channels_templatevariant WHERE template_id = template.id),
    survey.default_locale, survey.throttle_minutes
FROM (VALUES (true)) AS always
LEFT JOIN channels_provideraccount account
    ON account.organization_id = %(organization_id)s AND account.channel = %(channel)s AND account.is_default
LEFT JOIN channels_template template
    ON template.organization_id = %(organization_id)s AND template.channel = %(channel)s AND template.is_default
LEFT JOIN distributor_survey survey
    ON survey.organization_id = %(organization_id)s AND survey.id = %(survey_id)s
"""


@dataclass(frozen=True, slots=True)
class Defaults:
    """The defaults for a channel and a survey. None: there is no default; `locale` None: there is no such survey.

    `references` has what check_references() would read about them.
    """

    provider_account_id: UUID | None
    template_id: UUID | None
    locale: str | None
    references: References


class NoDefaultChannelError(Exception):
    """The organisation has no channel with both a default provider account and a default template."""


def find_defaults(organization: Organization, survey_id: UUID | None, channel: str) -> Defaults:
    """Return the organisation's defaults for one channel and one survey."""
    parameters: dict[str, UUID | str | None] = {
        "organization_id": organization.pk,
        "channel": channel,
        "survey_id": survey_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(_DEFAULTS, parameters)
        [(account_id, is_active, template_id, has_variants, locale, throttle_minutes)] = cursor.fetchall()
    references = {}
    if account_id is not None:
        references["provider", account_id] = Referenced(channel, is_active, None)
    if template_id is not None and has_variants:
        references["template", template_id] = Referenced(channel, True, None)
    if survey_id is not None and locale is not None:
        references["survey", survey_id] = Referenced("", True, throttle_minutes)
    return Defaults(account_id, template_id, locale, references)


def default_step(organization: Organization) -> StepRequest:
    """Return a step by the first channel that has defaults, e-mail before SMS. Raises NoDefaultChannelError."""
    for channel in Channel:
        defaults = find_defaults(organization, None, channel)
        if defaults.provider_account_id is not None and defaults.template_id is not None:
            return StepRequest(channel.value, defaults.provider_account_id, defaults.template_id)
    raise NoDefaultChannelError
