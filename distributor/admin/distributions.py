"""Distributions: status and progress, steps, batches and skipped contacts; pause, resume and cancel."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from contacts.models import Contact
from distributor.admin.support.base import ReadAt, ReadOnlyAdmin
from distributor.admin.support.filters import MailingListFilter, SurveyFilter, list_url
from distributor.admin.support.manual_retry import retry_in_admin
from distributor.admin.support.progress_bar import parts_of, progress_bar
from distributor.engine.control import DistributionOverError, cancel, fix_split, pause, resume
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.manual_retry.unreached import UnreachedGroup, count_unreached
from distributor.models import Batch, Decision, Distribution, Expansion, FollowUp, Recipient, Step
from distributor.rules.journey.manual_retry import RetriedOutcome, RetrySelection
from distributor.rules.timing.time_zones import zone_named

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    ReadDistribution = WithAnnotations[Distribution, ReadAt]

# A million recipients make a thousand batches, and a million contacts may be skipped. A page shows the first of each.
SHOWN_LIMIT = 50


@admin.register(Distribution)
class DistributionAdmin(ReadOnlyAdmin[Distribution]):
    list_display = (
        "__str__", "organization", "survey", "status", "progress", "accepted", "sent", "failed", "responded", "starts",
    )  # fmt: skip
    list_select_related = ("organization", "survey")
    list_filter = (SurveyFilter, MailingListFilter, "organization")
    search_fields = ("name",)
    search_help_text = "Enter part of the name, or the ID of the distribution, of its survey or of its mailing list."
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "id", "name", "organization", "survey", "mode", "stops_on", "mailing_list", "api_key", "key_kind",
                    "source",
                )
            },
        ),
        (
            "Schedule",
            {
                "fields": (
                    "created_at", "scheduled_at", "not_after", "expires_at", "paused_at", "cancelled_at", "deleted_at"
                )
            },
        ),
        (
            "Skip rules",
            {
                "fields": (
                    "exclude_opted_out", "respect_frequency_rules", "exclude_recently_contacted", "recent_contact_days"
                )
            },
        ),
    )  # fmt: skip

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
    def cancel_selected(self, request: HttpRequest, selected: QuerySet[Distribution]) -> None:
        self._change_each(request, selected, cancel, "cancelled")

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
        selected: QuerySet[Distribution],
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
                self.log_change(request, row, done)
                self.message_user(request, f"{row} is {done}.", messages.SUCCESS)

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

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        context.update(
            status=self.status(obj),
            progress=self.progress(obj),
            parts=parts_of(obj),
            recipients_url=list_url(Recipient, distribution=obj.pk),
            steps=_steps_of(obj)[:SHOWN_LIMIT],
            step_count=obj.steps.count(),
            batches=_first_batches(obj),
            batch_count=obj.batches.count(),
            skipped=_first_skipped(obj),
            expansion=Expansion.objects.filter(pk=obj.pk).first(),
            unreached=_unreached_of(obj),
            retries=obj.manual_retries.all()[:SHOWN_LIMIT],
            failing_follow_up=FollowUp.objects.filter(step__distribution=obj).exclude(last_error="").first(),
        )
        return super().render_change_form(request, context, add, change, form_url, obj)

    @admin.display(description="status")
    def status(self, row: "ReadDistribution") -> str:
        return row.status_at(row.read_at).value

    @admin.display(description="progress")
    def progress(self, row: Distribution) -> SafeString:
        return progress_bar(row)

    @admin.display(description="accepted")
    def accepted(self, row: Distribution) -> str:
        return f"{row.accepted_count:,}"

    @admin.display(description="sent")
    def sent(self, row: Distribution) -> str:
        return f"{row.sent_count:,}"

    @admin.display(description="failed")
    def failed(self, row: Distribution) -> str:
        return f"{row.failed_count:,}"

    @admin.display(description="responded")
    def responded(self, row: Distribution) -> str:
        return f"{row.responded_count:,}"

    @admin.display(description="starts (UTC)")
    def starts(self, row: Distribution) -> str:
        return f"{row.scheduled_at or row.created_at:%Y-%m-%d %H:%M}"


def _steps_of(distribution: Distribution) -> QuerySet[Step]:
    steps = distribution.steps.select_related("provider_account", "template", "follow_up")
    return steps.prefetch_related("accounts__provider_account")


def _unreached_of(distribution: Distribution) -> Sequence[UnreachedGroup]:
    if not distribution.failed_count and not distribution.indeterminate_count:
        return ()
    return count_unreached(distribution.pk, RetrySelection(outcomes=list(RetriedOutcome)))


def _first_batches(distribution: Distribution) -> QuerySet[Batch]:
    """Return waiting batches by due time, then finished ones."""
    return distribution.batches.select_related("step").order_by("-state", "due_at", "pk")[:SHOWN_LIMIT]


def _first_skipped(distribution: Distribution) -> Sequence[tuple[Decision, Contact | None, str]]:
    """Return the first contacts that were skipped, each with the decision and its explanation."""
    of_skipped = Decision.objects.filter(distribution_id=distribution.pk, recipient_id=None)
    decisions = list(of_skipped.order_by("id")[:SHOWN_LIMIT])
    contacts = Contact.objects.in_bulk({decision.contact_id for decision in decisions})
    zone = zone_named(distribution.organization.time_zone)
    return [(decision, contacts.get(decision.contact_id), decision.sentence(zone)) for decision in decisions]
