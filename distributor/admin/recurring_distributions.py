"""Recurring distributions: what is sent again and again, and what came of it."""

from typing import Any

from django.contrib import admin
from django.db.models import Max
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from distributor.admin.generic import StackedInline
from distributor.admin.room import Room
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.schedule.recurring import save_recurring
from distributor.models import Occurrence, RecurringDistribution, RecurringStep

SHOWN_LIMIT = 20


class StepInline(StackedInline[RecurringStep, RecurringDistribution]):
    """How people are reached; one way is needed."""

    model = RecurringStep
    extra = 0
    min_num = 1
    autocomplete_fields = ("provider_account", "template")

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        return super().get_formset(request, obj, validate_min=True, **kwargs)


@admin.register(RecurringDistribution)
class RecurringDistributionRoom(Room[RecurringDistribution]):
    list_display = ("name", "organization", "survey", "cron", "time_zone", "is_active", "next_at", "last_run")
    list_select_related = ("organization", "survey")
    list_filter = ("organization", "is_active")
    search_fields = ("name",)
    autocomplete_fields = ("organization", "survey", "mailing_list")
    readonly_fields = ("next_at", "occurrences", "created_at")
    fieldsets = (
        (None, {"fields": ("organization", "name", "survey", "mailing_list", "mode")}),
        ("When", {"fields": ("cron", "time_zone", "is_active", "next_at", "links_expire_after_days")}),
        ("Who is left out", {"fields": ("respect_frequency_rules", "recent_contact_days")}),
        ("What came of it", {"fields": ("occurrences",)}),
    )
    inlines = (StepInline,)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(last_at=Max("occurrences__occurs_at"))

    def save_model(self, request: HttpRequest, obj: RecurringDistribution, form: Any, change: bool) -> None:
        save_recurring(obj, database_now())

    @admin.display(description="last run (UTC)")
    def last_run(self, row: Any) -> str:
        return f"{row.last_at:%Y-%m-%d %H:%M}" if row.last_at else "–"

    @admin.display(description=f"last {SHOWN_LIMIT} (UTC)")
    def occurrences(self, row: RecurringDistribution) -> SafeString:
        """The newest first, each with its distribution or its fault."""
        shown = row.occurrences.select_related("distribution")[:SHOWN_LIMIT]
        return format_html_join("", "<div>{} {}{}</div>", ((one, _outcome(one), _missed(one)) for one in shown))


def _outcome(one: Occurrence) -> str | SafeString:
    if one.distribution is None:
        return one.fault
    address = reverse("admin:distributor_distribution_change", args=[one.distribution.pk])
    return format_html('<a href="{}">{}</a>', address, one.distribution)


def _missed(one: Occurrence) -> str:
    return f" (missed from {one.missed_from:%Y-%m-%d %H:%M} on)" if one.missed_from else ""
