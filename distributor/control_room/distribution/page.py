"""GET /admin/distributor/distribution/{id}/change/: the page that every link to a distribution opens."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from distributor.control_room.distribution.data import DistributionData
from distributor.control_room.layout.acts import find_row, inside
from distributor.control_room.layout.panels import Panel, answer_fragments, render_panels
from distributor.control_room.layout.room import Room, render_room, room_page
from distributor.models import Distribution, Expansion

VIEW: Final = "distributor.view_distribution"
CONTROL: Final = "distributor.control_distribution"
ROWS: Final = Distribution.objects.select_related("organization", "survey", "mailing_list", "api_key")

_PROGRESS: Final[Panel[DistributionData]] = Panel(
    "progress", "control_room/distribution/progress.html", lambda data: {"data": data}
)
_FAILURES: Final[Panel[DistributionData]] = Panel(
    "failures", "control_room/distribution/failures.html", lambda data: {"data": data}, 15
)


@require_safe
@room_page
def show_distribution(request: HttpRequest, room: Room, object_id: UUID) -> HttpResponse:
    """Show how the distribution stands and why, whom it reached, who failed, who was left out, and its settings."""
    distribution = find_row(room, ROWS, object_id, VIEW, "organization")
    with inside(room, distribution.organization) as own_room:
        data = DistributionData(own_room, distribution, is_counted_anyway=request.GET.get("count") == "all")
        may_control = own_room.allows(CONTROL, distribution.organization_id)
        context = {"room": own_room, "row": distribution, "may_control": may_control, "request": request}
        # Counting a large distribution is not repeated every few seconds.
        panels = [_PROGRESS, _FAILURES] if distribution.accepted_count == 0 or _is_small(data) else [_PROGRESS]
        fragments = answer_fragments(request, panels, data, context)
        if fragments is not None:
            return fragments
        values = {**context, **_values(data), "panels": render_panels(request, panels, data, context)}
        return render_room(request, own_room, "control_room/distribution/page.html", str(distribution), values)


def _is_small(data: DistributionData) -> bool:
    return data.is_counted and not data.is_counted_anyway


def _values(data: DistributionData) -> Mapping[str, Any]:
    row = data.distribution
    changelist = "admin:distributor_recipient_changelist"
    return {
        "data": data,
        "crumbs": [(_("Distributions"), reverse("admin:distributor_distribution_changelist"))],
        "status": row.status_at(data.now),
        "recipients_url": f"{reverse(changelist)}?distribution={row.pk}",
        "expansion": Expansion.objects.filter(pk=row.pk).first(),
        "retries": row.manual_retries.all()[:10],
        "batch_count": row.batches.count(),
        "is_over": row.cancelled_at is not None,
    }
