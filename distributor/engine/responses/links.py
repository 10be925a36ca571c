"""Links: find the recipient behind a link code, and record its first open."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F

from contacts.models import Contact
from distributor.engine.counters.count import count_recipient
from distributor.engine.feedback.ingest import ingest_open
from distributor.engine.outbox.write import NewBundle, write_bundles
from distributor.models import Distribution, OpenLink, Recipient, Survey
from distributor.models.recipient import RecipientState
from distributor.rules.event_types import EventType
from distributor.rules.journey.chain import StopsOn
from distributor.rules.link_codes import is_well_formed
from distributor.rules.links import LinkState, link_state
from distributor.rules.requests import LinkType
from distributor.rules.wording import Thanks, read_wording, thanks_for

_COUNT_MACHINE_VISIT = """
INSERT INTO distributor_machinevisits AS visits (recipient_id, count, first_at, last_at, sign)
VALUES (%(recipient_id)s, 1, %(now)s, %(now)s, %(sign)s)
ON CONFLICT (recipient_id) DO UPDATE SET count = visits.count + 1, last_at = excluded.last_at, sign = excluded.sign
"""


@dataclass(frozen=True, slots=True)
class Link:
    """A recipient and the state of its link. Its distribution, survey, organisation and contact are loaded with it.

    The recipient and contact of a link that is nobody's are blank, and not stored.
    """

    recipient: Recipient
    state: LinkState

    @property
    def survey(self) -> Survey:
        return self.recipient.distribution.survey

    @property
    def is_for_nobody(self) -> bool:
        """Whether the link was made for nobody in particular."""
        return self.recipient.pk is None

    @property
    def is_anonymous(self) -> bool:
        """Whether responses through the link are stored without the recipient."""
        return self.recipient.distribution.link_type == LinkType.ANONYMOUS

    @property
    def thanks(self) -> Thanks:
        """The text and link that the recipient sees after responding."""
        texts = self.texts
        survey_thanks = Thanks(texts["thank_you_message"], texts["thank_you_link_text"], texts["thank_you_link_url"])
        return thanks_for(read_wording(self.recipient.wording), survey_thanks)

    @property
    def texts(self) -> Mapping[str, str]:
        """The survey's texts in the reader's language (Survey.texts_for)."""
        return self.survey.texts_for(self.locale)

    @property
    def locale(self) -> str:
        """The locale given in the call, else the contact's, else the survey's default (BCP 47)."""
        recipient = self.recipient
        return recipient.locale or recipient.contact.locale or self.survey.default_locale

    @property
    def attributes(self) -> Mapping[str, Any]:
        """The contact's embedded data, overlaid with what calls gave for this send."""
        return self.recipient.data


def find_link(
    code: str, now: datetime, *, organization_id: UUID | None = None, for_update: bool = False
) -> Link | None:
    """Return the link of a code; None if there is none (in the organisation, if `organization_id` is given).

    `for_update` locks the recipient until the caller's transaction ends, so that the state cannot change meanwhile.
    """
    # A malformed code cannot exist. Looking it up would waste a query, and PostgreSQL rejects NUL.
    if not is_well_formed(code):
        return None
    recipients = Recipient.objects.filter(code=code)
    if organization_id is not None:
        recipients = recipients.filter(distribution__organization_id=organization_id)
    if for_update:
        # By a statement of its own: joined rows are read as they were before the wait, and an erasure may have changed
        # the contact and the distribution meanwhile.
        recipients.only("pk").select_for_update(of=("self",), no_key=True).first()
    found = recipients.select_related("contact", "distribution__survey__organization").first()
    recipient = found or _nobody_of(code, organization_id)
    if recipient is None:
        return None
    state = link_state(
        state=recipient.state,
        reason=recipient.reason,
        responded_at=recipient.responded_at,
        # Erasing a contact closes its links, as cancelling does.
        cancelled_at=recipient.distribution.cancelled_at or recipient.contact.erased_at,
        expires_at=recipient.distribution.expires_at,
        now=now,
        is_for_one_response=recipient.distribution.link_type == LinkType.ONE_TIME,
    )
    return Link(recipient, state)


def _nobody_of(code: str, organization_id: UUID | None) -> Recipient | None:
    """Return a blank recipient for an open link; None if there is none."""
    open_links = OpenLink.objects.select_related("distribution__survey__organization").filter(code=code)
    if organization_id is not None:
        open_links = open_links.filter(distribution__organization_id=organization_id)
    open_link = open_links.first()
    if open_link is None:
        return None
    distribution = open_link.distribution
    return Recipient(
        distribution=distribution,
        contact=Contact(organization_id=distribution.organization_id),
        code=code,
        state=RecipientState.REGISTERED,
    )


@transaction.atomic
def record_open(recipient: Recipient, now: datetime) -> bool:
    """Record the first open of a link, and end the recipient's fallbacks if the distribution stops on opens.

    Returns whether this was the first open. The link can still be used. Machines that are recognised are counted by
    record_machine_visit() instead. A scanner that poses as a browser is not, so an open does not prove that somebody
    has read the message.
    """
    is_first = store_first_open(recipient, now)
    if is_first and recipient.distribution.stops_on != StopsOn.RESPONSE:
        ingest_open(recipient.pk, now)
    if is_first:
        count_recipient(recipient.distribution.organization_id, recipient.pk, Counter(opened=1), now)
    return is_first


def record_machine_visit(recipient: Recipient, sign: str, now: datetime) -> None:
    """Count a visit by a machine to a recipient's link, recognised by `sign`. It is no open and changes nothing else.

    Visits to anonymous links are not stored, as opens are not.
    """
    if recipient.distribution.link_type == LinkType.ANONYMOUS:
        return
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_MACHINE_VISIT, {"recipient_id": recipient.pk, "sign": sign, "now": now})


def store_first_open(recipient: Recipient, now: datetime) -> bool:
    """Store and count the first open of a link, and nothing else. Returns whether this was the first.

    Opens of anonymous links are not stored: their time beside a response would identify the person.
    """
    if recipient.first_opened_at is not None or recipient.distribution.link_type == LinkType.ANONYMOUS:
        return False
    is_first = Recipient.objects.filter(pk=recipient.pk, first_opened_at=None).update(first_opened_at=now) == 1
    if is_first:
        Distribution.objects.filter(pk=recipient.distribution_id).update(opened_count=F("opened_count") + 1)
        distribution = recipient.distribution
        write_bundles([NewBundle(EventType.OPENED, distribution.organization_id, distribution.pk, [recipient.pk])])
    return is_first
