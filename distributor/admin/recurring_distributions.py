"""Recurring distributions, with the outcome of their latest runs."""

from typing import Any

from django.contrib import admin
from django.db.models import Max
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from distributor.admin.support.base import BaseAdmin
from distributor.admin.support.narrowing import NarrowedInline
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.schedule.recurring import save_recurring
from distributor.models import Occurrence, RecurringDistribution, RecurringStep

SHOWN_LIMIT = 20


class StepInline(NarrowedInline[RecurringStep, RecurringDistribution]):
    """The channels to send by; at least one is required."""

    model = RecurringStep
    extra = 0
    min_num = 1
    autocomplete_fields = ("provider_account", "template")

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        return super().get_formset(request, obj, validate_min=True, **kwargs)


@admin.register(RecurringDistribution)
class RecurringDistributionAdmin(BaseAdmin[RecurringDistribution]):
    list_display = ("name", "organization", "survey", "cron", "time_zone", "is_active", "next_at", "last_run")
    list_select_related = ("organization", "survey")
    list_filter = ("organization", "is_active")
    search_fields = ("name",)
    ordering = ("name",)
    autocomplete_fields = ("organization", "survey", "mailing_list")
    readonly_fields = ("next_at", "occurrences", "created_at")
    fieldsets = (
        (None, {"fields": ("organization", "name", "survey", "mailing_list", "mode")}),
        ("Schedule", {"fields": ("cron", "time_zone", "is_active", "next_at", "links_expire_after_days")}),
        ("Skip rules", {"fields": ("respect_frequency_rules", "recent_contact_days")}),
        ("Runs", {"fields": ("occurrences",)}),
    )
    inlines = (StepInline,)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(last_at=Max("occurrences__occurs_at"))

    def save_model(self, request: HttpRequest, obj: RecurringDistribution, form: Any, change: bool) -> None:
        save_recurring(obj, database_now())

    @admin.display(description="last run (UTC)")
    def last_run(self, row: Any) -> str:
        return f"{row.last_at:%Y-%m-%d %H:%M}" if row.last_at else "–"

    @admin.display(description=f"last {SHOWN_LIMIT} runs (UTC)")
    def occurrences(self, row: RecurringDistribution) -> SafeString:
        """List the latest runs, newest first, each with its distribution or error."""
        shown = row.occurrences.select_related("distribution")[:SHOWN_LIMIT]
        return format_html_join("", "<div>{} {}{}</div>", ((run, _outcome(run), _missed(run)) for run in shown))


def _outcome(run: Occurrence) -> str | SafeString:
    if run.distribution is None:
        return run.fault
    address = reverse("admin:distributor_distribution_change", args=[run.distribution.pk])
    return format_html('<a href="{}">{}</a>', address, run.distribution)


def _missed(run: Occurrence) -> str:
    return f" (runs missed since {run.missed_from:%Y-%m-%d %H:%M})" if run.missed_from else ""
