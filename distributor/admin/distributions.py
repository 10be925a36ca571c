"""The list of distributions: how each stands and how far it is, and actions on several.

The page of one is control_room/distribution/.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from distributor.admin.support.base import NewestFirst, ReadAt, ReadOnlyAdmin
from distributor.admin.support.distribution_filters import ChannelFilter, StandingFilter
from distributor.admin.support.filters import MailingListFilter, SurveyFilter
from distributor.admin.support.manual_retry import retry_in_admin
from distributor.admin.support.progress_bar import progress_bar
from distributor.engine.control import DistributionOverError, cancel, fix_split, pause, resume
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.reports.standing import Standing, StandingKind, read_standings
from distributor.models import Distribution
from distributor.rules.journey.manual_retry import RetrySelection

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    ReadDistribution = WithAnnotations[Distribution, ReadAt]

CONFIRMED = "cancel_confirmed"


class StandingsList(NewestFirst):
    """Reads how the distributions of one page stand, in one query."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows: list[Any] = list(self.result_list)
        self.result_list = rows
        standings = read_standings(rows, rows[0].read_at) if rows else {}
        for row in rows:
            row.standing = standings[row.pk]


@admin.register(Distribution)
class DistributionAdmin(ReadOnlyAdmin[Distribution]):
    list_display = (
        "__str__", "status", "progress", "reached", "failed", "responded", "waiting", "survey", "organization",
        "mode_of_key", "starts",
    )  # fmt: skip
    list_select_related = ("organization", "survey")
    list_filter = (
        StandingFilter, "survey", ChannelFilter, "created_at", SurveyFilter,
        MailingListFilter, "organization",
    )  # fmt: skip
    search_fields = ("name",)
    search_help_text = "Enter part of the name, or the ID of the distribution, of its survey or of its mailing list."
    actions = (
        "pause_selected", "resume_selected", "cancel_selected", "retry_selected", "fix_split_selected", "steer_selected"
    )  # fmt: skip

    def has_control_permission(self, request: HttpRequest) -> bool:
        """Whether the user may pause, resume and cancel. Nothing else of a distribution can be changed here."""
        return self.is_permitted(request, "control")

    @admin.action(description="Pause: start no sends until the distribution is resumed", permissions=["control"])
    def pause_selected(self, request: HttpRequest, selected: QuerySet[Distribution]) -> None:
        self._change_each(request, selected, pause, "paused")

    @admin.action(description="Resume", permissions=["control"])
    def resume_selected(self, request: HttpRequest, selected: QuerySet[Distribution]) -> None:
        self._change_each(request, selected, resume, "resumed")

    @admin.action(description="Cancel permanently: start no more sends and close the links", permissions=["control"])
    def cancel_selected(self, request: HttpRequest, selected: QuerySet[Distribution]) -> HttpResponse | None:
        """Say what it ends, and do it once that is confirmed."""
        if request.POST.get(CONFIRMED) == "yes":
            self._change_each(request, selected, cancel, "cancelled")
            return None
        chosen = list(selected)
        context = {
            **self.admin_site.each_context(request),
            "title": "Cancel distributions",
            "opts": self.model._meta,
            "chosen": chosen,
            "waiting": sum(row.waiting_count for row in chosen),
            "links": sum(row.recipient_count - row.responded_count for row in chosen),
        }
        return TemplateResponse(request, "admin/distributor/distribution/cancel.html", context)

    @admin.action(description="Send again to recipients who failed", permissions=["control"])
    def retry_selected(self, request: HttpRequest, selected: QuerySet[Distribution]) -> None:
        for row in selected:
            retry_in_admin(self, request, row, RetrySelection())

    @admin.action(description="Fix the split: share by the weights of the accounts alone", permissions=["control"])
    def fix_split_selected(self, request: HttpRequest, selected: QuerySet[Distribution]) -> None:
        self._set_split(request, selected, is_fixed=True)

    @admin.action(description="Steer: give accounts that deliver better a larger share", permissions=["control"])
    def steer_selected(self, request: HttpRequest, selected: QuerySet[Distribution]) -> None:
        self._set_split(request, selected, is_fixed=False)

    def _set_split(self, request: HttpRequest, selected: QuerySet[Distribution], *, is_fixed: bool) -> None:
        done = "sharing by weights alone" if is_fixed else "sharing by weights and results"
        for row in selected:
            if fix_split(row.pk, is_fixed=is_fixed):
                self.log_change(request, row, done)
                self.message_user(request, f"{row} is {done}.", messages.SUCCESS)
            else:
                self.message_user(request, f"{row} has no accounts that share by weight.", messages.WARNING)

    def _change_each(
        self,
        request: HttpRequest,
        selected: Iterable[Distribution],
        change: Callable[[UUID, datetime], Distribution],
        done: str,
    ) -> None:
        now = database_now()
        for row in selected:
            try:
                change(row.pk, now)
            except DistributionOverError as refusal:
                self.message_user(request, f"{row} is already {refusal.status.value}.", messages.WARNING)
            else:
                self.log_change(request, row, f"{done.capitalize()}.")
                self.message_user(request, f"{row} is {done}.", messages.SUCCESS)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return StandingsList

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(read_at=Now())

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Distribution], search_term: str
    ) -> tuple[QuerySet[Distribution], bool]:
        try:
            searched_id = UUID(search_term.strip())
        except ValueError:
            return super().get_search_results(request, queryset, search_term)
        by_field = (queryset.filter(**{name: searched_id}) for name in ("pk", "survey_id", "mailing_list_id"))
        return next((rows for rows in by_field if rows.exists()), queryset.none()), False

    @admin.display(description="status")
    def status(self, row: Any) -> SafeString:
        standing: Standing = row.standing
        return format_html('<span class="standing {}">{}</span>', standing.kind, _in_words(standing))

    @admin.display(description="key", empty_value="")
    def mode_of_key(self, row: Distribution) -> str | None:
        """Mark distributions of test and team keys: the first reach nobody, the second the team only."""
        return row.marked_key_kind

    @admin.display(description="progress")
    def progress(self, row: Distribution) -> SafeString:
        return progress_bar(row)

    @admin.display(description="reached")
    def reached(self, row: Distribution) -> str:
        return f"{row.reached_count:,}"

    @admin.display(description="failed")
    def failed(self, row: Distribution) -> str:
        return f"{row.failed_count:,}"

    @admin.display(description="responded")
    def responded(self, row: Distribution) -> str:
        return f"{row.responded_count:,}"

    @admin.display(description="waiting")
    def waiting(self, row: Distribution) -> str:
        return f"{row.waiting_count:,}"

    @admin.display(description="starts (UTC)")
    def starts(self, row: Distribution) -> str:
        return f"{row.scheduled_at or row.created_at:%Y-%m-%d %H:%M}"


def _in_words(standing: Standing) -> str:
    """Return for example “held: Mailgun EU” or “waiting for a reminder”."""
    match standing.kind:
        case StandingKind.HELD if (group := standing.first("held")) is not None:
            return f"held: {group.account}"
        case StandingKind.WAITING if (group := standing.first("later")) is not None:
            named = {"reminder": "a reminder", "thank_you": "a thank-you"}
            return f"waiting for {named.get(group.kind) or ('the next channel' if group.position else 'later')}"
    return standing.kind.value
