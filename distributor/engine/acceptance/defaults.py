"""Find an organisation's defaults for a request: a channel's provider account and template, a survey's locale."""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from contacts.channel import Channel
from contacts.models import Organization
from distributor.rules.requests import StepRequest

# One query instead of three. It returns a row even if the survey does not exist, so that callers can report a missing
# survey and missing defaults together.
_DEFAULTS = """
SELECT (SELECT id FROM channels_provideraccount
        WHERE organization_id = %(organization_id)s AND channel = %(channel)s AND is_default),
    (SELECT id FROM channels_template
        WHERE organization_id = %(organization_id)s AND channel = %(channel)s AND is_default),
    (SELECT default_locale FROM distributor_survey
        WHERE organization_id = %(organization_id)s AND id = %(survey_id)s)
"""


@dataclass(frozen=True, slots=True)
class Defaults:
    """The defaults for a channel and a survey. None: there is no default; `locale` None: there is no such survey."""

    provider_account_id: UUID | None
    template_id: UUID | None
    locale: str | None


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
        [row] = cursor.fetchall()
    return Defaults(*row)


def default_step(organization: Organization) -> StepRequest:
    """Return a step by the first channel that has defaults, e-mail before SMS. Raises NoDefaultChannelError."""
    for channel in Channel:
        defaults = find_defaults(organization, None, channel)
        if defaults.provider_account_id is not None and defaults.template_id is not None:
            return StepRequest(channel.value, defaults.provider_account_id, defaults.template_id)
    raise NoDefaultChannelError
