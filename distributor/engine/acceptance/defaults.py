"""What an organisation uses where a call does not say: a channel's provider account and template, a survey's locale."""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from contacts.channel import Channel
from contacts.models import Organization
from distributor.rules.requests import StepRequest

# One question instead of three. A survey that is not there gives a row all the same: both faults are told at once.
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
    """None: there is none. `locale` None: there is no such survey."""

    provider_account_id: UUID | None
    template_id: UUID | None
    locale: str | None


def find_defaults(organization: Organization, survey_id: UUID | None, channel: str) -> Defaults:
    """For one channel and one survey."""
    named: dict[str, UUID | str | None] = {
        "organization_id": organization.pk,
        "channel": channel,
        "survey_id": survey_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(_DEFAULTS, named)
        [row] = cursor.fetchall()
    return Defaults(*row)


class NoDefaultChannelError(Exception):
    """The organisation has no channel with both a default provider account and a default template."""


def default_step(organization: Organization) -> StepRequest:
    """What a link is tied to when nothing is sent by it: the first channel that has its defaults, e-mail before SMS.

    Raises NoChannel.
    """
    for channel in Channel:
        found = find_defaults(organization, None, channel)
        if found.provider_account_id is not None and found.template_id is not None:
            return StepRequest(channel.value, found.provider_account_id, found.template_id)
    raise NoDefaultChannelError
