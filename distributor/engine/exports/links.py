"""The personal links of an audience: of a distribution, of a survey, or of what was sent to a list."""

from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import F, Sum

from contacts.selection import BEFORE_ALL
from distributor.engine.exports.columns import CONTACT_COLUMNS, Column
from distributor.engine.exports.journeys import Journey, contact_values, distributions_of, read_journeys
from distributor.engine.exports.pages import Kind, Page, Row, Scope
from distributor.models import Distribution
from distributor.rules.links import link_state
from distributor.rules.requests import LinkType

COLUMNS: Final = (
    Column("link", "The personal link."),
    Column("linkCode", "The code in the link."),
    Column("linkState", "open, used, expired or cancelled, as of when the row was written."),
    Column("expiresAt", "When the link expires. Empty: never.", is_moment=True),
    Column("distributionId", "The distribution's id."),
    Column("surveyId", "The survey's id."),
    Column("survey", "The survey's name."),
    *CONTACT_COLUMNS,
    Column("createdAt", "When the link was made.", is_moment=True),
    Column("firstOpenedAt", "When the link was first opened.", is_moment=True),
    Column("respondedAt", "When the first response arrived.", is_moment=True),
    Column("embeddedData", "The contact's data, overlaid with what the call gave for this recipient.", is_data=True),
)


def read_page(scope: Scope, after: str, limit: int) -> Page:
    """Read the recipients and their links."""
    distribution_id, row_id = after.split(":") if after else (str(BEFORE_ALL), "0")
    page = read_journeys(scope, (UUID(distribution_id), int(row_id)), limit)
    rows = [
        _row(scope, journey, page.distributions[journey.distribution_id])
        for journey in page.journeys
        if not journey.is_erased
    ]
    return Page(rows, f"{page.after[0]}:{page.after[1]}", page.is_last, len(page.journeys))


def count(scope: Scope) -> int:
    """Return how many recipients there are."""
    counts = distributions_of(scope).aggregate(sum=Sum(F("accepted_count") - F("skipped_count")))
    return int(counts["sum"] or 0)


def _row(scope: Scope, journey: Journey, distribution: Distribution) -> Row:
    state = link_state(
        state=journey.state,
        reason=journey.reason,
        responded_at=journey.responded_at,
        cancelled_at=distribution.cancelled_at,
        expires_at=distribution.expires_at,
        now=scope.now,
        is_for_one_response=distribution.link_type == LinkType.ONE_TIME,
    )
    values = {
        "link": f"{settings.PUBLIC_BASE_URL}/p/{journey.code}",
        "linkCode": journey.code,
        "linkState": state.value,
        "expiresAt": distribution.expires_at,
        "distributionId": distribution.pk,
        "surveyId": distribution.survey_id,
        "survey": distribution.survey.name,
        **contact_values(journey),
        "createdAt": journey.created_at,
        "firstOpenedAt": journey.first_opened_at,
        "respondedAt": journey.responded_at,
        "embeddedData": journey.data,
    }
    return Row(journey.contact_id, values)


LINKS: Final = Kind(
    meaning="The personal links of a distribution, a survey or a list. `since` and `before` bound when the "
    "distribution was accepted.",
    columns=COLUMNS,
    filters=frozenset({"distributionId", "surveyId", "listId", "since", "before"}),
    read_page=read_page,
    count=count,
    permission="distributor.view_recipient",
    needs_one_of=frozenset({"distributionId", "surveyId", "listId"}),
)
