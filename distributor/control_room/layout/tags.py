"""Template tags and filters of the control room: `{% load control_room %}`."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.template import Context, Library
from django.utils.safestring import SafeString

from distributor.control_room.layout import charts, formats, labels
from distributor.control_room.layout.navigation import links_of
from distributor.engine.acceptance.costs import StepCost
from distributor.models import Step

register = Library()


@register.filter
def moment(at: datetime | None) -> str:
    """Write a moment with seconds, in the page's time zone."""
    return formats.format_moment(at)


@register.filter
def minute(at: datetime | None) -> str:
    """Write a moment without seconds, in the page's time zone."""
    return formats.format_minute(at)


@register.filter
def span(seconds: float | None) -> str:
    """Write a length of time, such as 3 min 20 s."""
    return formats.format_span(seconds)


@register.filter
def number(count: float | None, digits: int = 0) -> str:
    """Write a number with separators: `{{ count|number }}`, `{{ score|number:1 }}`."""
    return formats.format_number(count, digits)


@register.filter
def money(cost: StepCost | None) -> str:
    """Write what a step costs: 67.62 EUR."""
    return formats.format_money(cost.amount, cost.currency) if cost else "–"


@register.filter
def share_of(part: float, whole: float) -> str:
    """Write a part of a whole in percent: `{{ failed|share_of:sent }}`."""
    return formats.format_share(part, whole)


@register.filter
def label(code: str) -> str:
    """Write a stored code in the operator's words: `{{ batch.state|label }}`."""
    return labels.label_of(code)


@register.filter
def step_label(step: Step) -> str:
    """Write a step's number, channel and kind: 2. sms reminder."""
    return labels.label_of_step(step)


@register.filter
def step_time(step: Step) -> str:
    """Write when a step is sent, or when the next one is."""
    return labels.time_of_step(step)


@register.filter
def reason_words(reason: str) -> str:
    """Write a reason without its facts."""
    return labels.words_of_reason(reason)


@register.simple_tag
def bar(parts: Iterable[charts.Part]) -> SafeString:
    return charts.stacked_bar(parts)


@register.simple_tag
def spark_line(values: Sequence[float | None], label: str) -> SafeString:
    return charts.spark_line(values, label)


@register.simple_tag
def columns(points: Sequence[charts.Column], label: str) -> SafeString:
    return charts.columns(points, label)


@register.simple_tag
def funnel(stages: Sequence[tuple[str, float]]) -> SafeString:
    return charts.funnel(stages)


@register.simple_tag(takes_context=True)
def may(context: Context, permission: str, organization_id: UUID) -> bool:
    """Whether the user has a permission in an organisation: `{% may "…control_distribution" id as may_control %}`."""
    allowed: bool = context["room"].allows(permission, organization_id)
    return allowed


@register.inclusion_tag("control_room/navigation.html", takes_context=True)
def room_navigation(context: Context) -> dict[str, Any]:
    """Show the links and the search box. Every page of the admin has them."""
    request = context["request"]
    return {"links": links_of(request), "query": request.GET.get("q", "") if "search" in request.path else ""}
