"""Recipients with their states, and after all of them the contacts who were left out."""

from typing import Any, Final
from uuid import UUID

from django.conf import settings

from contacts.models import Contact
from contacts.selection import BEFORE_ALL
from distributor.engine.exports.columns import CONTACT_COLUMNS, Column
from distributor.engine.exports.journeys import (
    Journey,
    behind,
    contact_values,
    count_accepted,
    next_distributions,
    read_journeys,
)
from distributor.engine.exports.pages import Kind, Page, Row, Scope
from distributor.models import Decision, Distribution
from distributor.models.recipient import RecipientState
from distributor.rules.timing.time_zones import zone_named

# The first letter of a position: among the recipients, or among those who were left out.
_RECIPIENT: Final = "r"
_SKIPPED: Final = "s"
SKIPPED: Final = "skipped"

COLUMNS: Final = (
    Column("distributionId", "The distribution's id."),
    Column("distribution", "The distribution's name."),
    Column("surveyId", "The survey's id."),
    Column("survey", "The survey's name."),
    *CONTACT_COLUMNS,
    Column("link", "The personal link. Empty for contacts who were left out."),
    Column("state", "registered, waiting, sent, failed, indeterminate, stopped, or skipped for who was left out."),
    Column("reason", "Why it failed, stopped or was left out. Reasons are stable codes."),
    Column("channel", "The channel of the last attempt: email, sms or whatsapp."),
    Column("providerCode", "The provider's code for the last attempt, such as 550."),
    Column("providerText", "What the provider answered, or the sentence that says why somebody was left out."),
    Column("attempts", "How many attempts were made."),
    Column("acceptedAt", "When it became a recipient, or was left out.", is_moment=True),
    Column("firstSentAt", "When the first message was sent.", is_moment=True),
    Column("firstOpenedAt", "When the link was first opened.", is_moment=True),
    Column("respondedAt", "When the first response arrived.", is_moment=True),
    Column("embeddedData", "The contact's data, overlaid with what the call gave for this recipient.", is_data=True),
)
STATES: Final = ("registered", "waiting", "sent", "failed", "indeterminate", "stopped", SKIPPED)


def read_page(scope: Scope, after: str, limit: int) -> Page:
    """Read recipients, then those who were left out."""
    phase, distribution_id, row_id = _read_position(after)
    if phase == _SKIPPED:
        return _read_skipped(scope, distribution_id, row_id, limit)
    page = read_journeys(scope, (distribution_id, row_id), limit)
    rows = [
        _row(journey, page.distributions[journey.distribution_id]) for journey in page.journeys if not journey.is_erased
    ]
    position = f"{_SKIPPED}:{BEFORE_ALL}:0" if page.is_last else f"{_RECIPIENT}:{page.after[0]}:{page.after[1]}"
    return Page(_chosen(scope, rows), position, is_last=False, scanned=len(page.journeys))


def state_of(journey: Journey, distribution: Distribution) -> str:
    """Return the state as reports tell it: the outcome of a finished journey; a cancelled one waits no more."""
    if journey.state == RecipientState.FINISHED:
        return journey.outcome
    is_stopped = journey.state == RecipientState.WAITING and distribution.cancelled_at is not None
    return RecipientState.STOPPED.value if is_stopped else journey.state


def _read_position(after: str) -> tuple[str, UUID, int]:
    phase, distribution_id, row_id = after.split(":") if after else (_RECIPIENT, str(BEFORE_ALL), "0")
    return phase, UUID(distribution_id), int(row_id)


def _chosen(scope: Scope, rows: list[Row]) -> list[Row]:
    states = scope.filters.states
    return [row for row in rows if row.values["state"] in states] if states else rows


def _row(journey: Journey, distribution: Distribution) -> Row:
    values = {
        **_distribution_values(distribution),
        **contact_values(journey),
        "link": f"{settings.PUBLIC_BASE_URL}/p/{journey.code}",
        "state": state_of(journey, distribution),
        "reason": journey.reason,
        "channel": journey.channel,
        "providerCode": journey.provider_code,
        "providerText": journey.provider_text,
        "attempts": journey.attempt_count,
        "acceptedAt": journey.created_at,
        "firstSentAt": journey.first_sent_at,
        "firstOpenedAt": journey.first_opened_at,
        "respondedAt": journey.responded_at,
        "embeddedData": journey.data,
    }
    return Row(journey.contact_id, values)


def _distribution_values(distribution: Distribution) -> dict[str, Any]:
    return {
        "distributionId": distribution.pk,
        "distribution": distribution.name,
        "surveyId": distribution.survey_id,
        "survey": distribution.survey.name,
    }


def _read_skipped(scope: Scope, first: UUID, after_id: int, limit: int) -> Page:
    if scope.filters.states and SKIPPED not in scope.filters.states:
        return Page([], "", is_last=True, scanned=0)
    chosen = next_distributions(scope, first, limit)
    for distribution in chosen:
        bound = after_id if distribution.pk == first else 0
        rows = Decision.objects.filter(distribution_id=distribution.pk, recipient_id=None, id__gt=bound)
        decisions = list(rows.order_by("id")[:limit]) if distribution.skipped_count else []
        if decisions:
            after = f"{_SKIPPED}:{distribution.pk}:{decisions[-1].pk}"
            return Page(_skipped_rows(scope, distribution, decisions), after, is_last=False, scanned=len(decisions))
    following = behind(chosen[-1])[0] if chosen else first
    return Page([], f"{_SKIPPED}:{following}:0", is_last=not chosen, scanned=0)


def _skipped_rows(scope: Scope, distribution: Distribution, decisions: list[Decision]) -> list[Row]:
    zone = zone_named(scope.organization.time_zone)
    contacts = Contact.objects.in_bulk({decision.contact_id for decision in decisions})
    rows = []
    for decision in decisions:
        contact = contacts.get(decision.contact_id)
        if contact is None or contact.erased_at is not None:
            continue
        values = {
            **_distribution_values(distribution),
            "contactId": contact.pk,
            "externalId": contact.external_id,
            "firstName": contact.first_name,
            "lastName": contact.last_name,
            "email": contact.email,
            "phone": contact.phone,
            "state": SKIPPED,
            "reason": decision.reason,
            "providerText": decision.sentence(zone),
            "attempts": 0,
            "acceptedAt": decision.decided_at,
            "embeddedData": contact.embedded_data,
        }
        rows.append(Row(contact.pk, dict.fromkeys(_TEXTS, "") | dict.fromkeys(_MOMENTS) | values))
    return rows


_TEXTS: Final = ("link", "channel", "providerCode")
_MOMENTS: Final = ("firstSentAt", "firstOpenedAt", "respondedAt")

RECIPIENTS: Final = Kind(
    meaning="Recipients with their states, and the contacts who were left out. `since` and `before` bound when their "
    "distribution was accepted.",
    columns=COLUMNS,
    filters=frozenset({"distributionId", "surveyId", "listId", "states", "since", "before"}),
    read_page=read_page,
    count=count_accepted,
    permission="distributor.view_recipient",
)
