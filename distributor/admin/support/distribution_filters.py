"""Filters of the list of distributions: by what a distribution does now, and by channel."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest

from contacts.channel import Channel
from distributor.models import Batch, Distribution, Step
from distributor.models.batch import BatchState
from distributor.rules.journey.chain import StepKind

_ENDED = (
    F("skipped_count") + F("registered_count") + F("sent_count") + F("failed_count") + F("indeterminate_count")
    + F("stopped_count")
)  # fmt: skip
_IS_UNENDED = Q(accepted_count__gt=_ENDED) | Q(is_preparing=True) | Q(arming_count__gt=0) | Q(running_retry_count__gt=0)
_WAITING = Batch.objects.filter(distribution=OuterRef("pk"), state=BatchState.WAITING)
_RUNNING = Q(cancelled_at=None, paused_at=None) & _IS_UNENDED
# Whatever is due now, or is with a worker.
_MOVES = Exists(_WAITING.filter(due_at__lte=Now())) | Exists(_WAITING.filter(lease_expires_at__gt=Now()))
# An account that does not work leaves an error; one that is only slow does not.
_HELD = Exists(_WAITING.filter(held_by__isnull=False).exclude(last_error=""))
_FAILS = Exists(_WAITING.filter(held_by=None, claims__gte=2).exclude(last_error=""))

STANDINGS: dict[str, tuple[str, Any]] = {
    "running": ("running", _RUNNING),
    "sending": ("sending now", _RUNNING & Q(_MOVES)),
    "held": ("held by an account", _RUNNING & Q(_HELD)),
    "stuck": ("stuck", _RUNNING & Q(_FAILS)),
    "reminder": (
        "waiting for a reminder",
        _RUNNING & Q(Exists(_WAITING.filter(due_at__gt=Now(), step__kind=StepKind.REMINDER))),
    ),
    "scheduled": ("scheduled", _RUNNING & Q(scheduled_at__gt=Now())),
    "preparing": ("preparing", _RUNNING & Q(is_preparing=True)),
    "paused": ("paused", Q(cancelled_at=None, paused_at__isnull=False) & _IS_UNENDED),
    "completed": ("completed", Q(cancelled_at=None) & ~_IS_UNENDED),
    "cancelled": ("cancelled", Q(cancelled_at__isnull=False)),
}


class StandingFilter(admin.SimpleListFilter):
    title, parameter_name = "status", "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(name, label) for name, (label, _condition) in STANDINGS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Distribution]) -> QuerySet[Distribution]:
        name = self.value()
        return queryset.filter(STANDINGS[name][1]) if name in STANDINGS else queryset


class ChannelFilter(admin.SimpleListFilter):
    """By the channels of its steps."""

    title, parameter_name = "channel", "channel"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(channel.value, str(channel.label)) for channel in Channel]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Distribution]) -> QuerySet[Distribution]:
        name = self.value()
        if name not in Channel.values:
            return queryset
        return queryset.filter(Exists(Step.objects.filter(distribution=OuterRef("pk"), channel=name)))
