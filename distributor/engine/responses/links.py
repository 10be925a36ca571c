"""Links: what a code leads to, and the record of its first opening."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from distributor.engine.feedback.ingest import ingest_open
from distributor.models import Distribution, Recipient, Survey
from distributor.rules.journey.chain import StopsOn
from distributor.rules.link_codes import is_well_formed
from distributor.rules.links import LinkState, link_state
from distributor.rules.requests import LinkType
from distributor.rules.wording import Thanks, read_wording, thanks_for


@dataclass(frozen=True, slots=True)
class Link:
    """A recipient as its link shows it; the distribution, survey, organisation and contact are loaded with it."""

    recipient: Recipient
    state: LinkState

    @property
    def survey(self) -> Survey:
        return self.recipient.distribution.survey

    @property
    def is_anonymous(self) -> bool:
        """Whether what is done through it is tied to nobody."""
        return self.recipient.distribution.link_type == LinkType.ANONYMOUS

    @property
    def thanks(self) -> Thanks:
        """What this recipient reads after the answer."""
        survey = self.survey
        words = Thanks(survey.thank_you_message, survey.thank_you_link_text, survey.thank_you_link_url)
        return thanks_for(read_wording(self.recipient.wording), words)

    @property
    def locale(self) -> str:
        """What the call said, else what is known of the contact, else the survey's own (BCP 47)."""
        recipient = self.recipient
        return recipient.locale or recipient.contact.locale or self.survey.default_locale

    @property
    def attributes(self) -> Mapping[str, Any]:
        """What is known of the contact, overlaid by what this recipient's call said."""
        return {**self.recipient.contact.embedded_data, **self.recipient.attributes}


def find_link(
    code: str, now: datetime, *, organization_id: UUID | None = None, for_update: bool = False
) -> Link | None:
    """The link of a code, or None if there is none (in the organisation, when one is named).

    `for_update` locks the recipient until the end of the caller's transaction; the state is then the final one.
    """
    # A code of another form cannot be stored: the question would be a wasted one, and PostgreSQL rejects NUL.
    if not is_well_formed(code):
        return None
    rows = Recipient.objects.select_related("contact", "distribution__survey__organization").filter(code=code)
    if organization_id is not None:
        rows = rows.filter(distribution__organization_id=organization_id)
    if for_update:
        rows = rows.select_for_update(of=("self",), no_key=True)
    recipient = rows.first()
    if recipient is None:
        return None
    state = link_state(
        state=recipient.state,
        reason=recipient.reason,
        responded_at=recipient.responded_at,
        # Erasing a contact takes its links with it, as cancelling does.
        cancelled_at=recipient.distribution.cancelled_at or recipient.contact.erased_at,
        expires_at=recipient.distribution.expires_at,
        now=now,
        is_for_one_response=recipient.distribution.link_type == LinkType.ONE_TIME,
    )
    return Link(recipient, state)


@transaction.atomic
def record_open(recipient: Recipient, now: datetime) -> bool:
    """Note the first opening of a link and let it take effect; say whether this was the first. It uses nothing up.

    Mail scanners open links as well, so an opening is a hint that somebody read the message, never a proof. It ends a
    chain's fallbacks only where the distribution asks for that.
    """
    is_first = note_open(recipient, now)
    if is_first and recipient.distribution.stops_on != StopsOn.RESPONSE:
        ingest_open(recipient.pk, now)
    return is_first


def note_open(recipient: Recipient, now: datetime) -> bool:
    """Note the first opening of a link and count it; say whether this was the first.

    Of an anonymous link it is not noted: the moment beside an answer would be a name.
    """
    if recipient.first_opened_at is not None or recipient.distribution.link_type == LinkType.ANONYMOUS:
        return False
    is_first = Recipient.objects.filter(pk=recipient.pk, first_opened_at=None).update(first_opened_at=now) == 1
    if is_first:
        Distribution.objects.filter(pk=recipient.distribution_id).update(opened_count=F("opened_count") + 1)
    return is_first
