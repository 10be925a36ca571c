"""Distributions: how each stands, and what its steps and batches wait for."""

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
from distributor.admin.narrowing import OfMailingList, OfSurvey, list_url
from distributor.admin.progress import parts_of, progress_bar
from distributor.admin.room import ReadAt, ReadingRoom
from distributor.engine.control import DistributionOverError, cancel, pause, resume
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Batch, Decision, Distribution, Expansion, FollowUp, Recipient, Step
from distributor.rules.timing.time_zones import zone_named

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    ReadDistribution = WithAnnotations[Distribution, ReadAt]

# A million recipients are a thousand batches, and may be as many contacts left out. A page shows the first of each.
SHOWN_LIMIT = 50


@admin.register(Distribution)
class DistributionRoom(ReadingRoom[Distribution]):
    list_display = (
        "__str__", "organization", "survey", "status", "progress", "accepted", "sent", "failed", "responded", "starts",
    )  # fmt: skip
    list_select_related = ("organization", "survey")
    list_filter = (OfSurvey, OfMailingList, "organization")
    search_fields = ("name",)
    search_help_text = "A part of the name, or the id of the distribution, its survey or its mailing list."
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "id", "name", "organization", "survey", "mode", "stops_on", "mailing_list", "api_key", "source"
                )
            },
        ),
        (
            "When",
            {
                "fields": (
                    "created_at", "scheduled_at", "not_after", "expires_at", "paused_at", "cancelled_at", "deleted_at"
                )
            },
        ),
        (
            "Who is left out",
            {
                "fields": (
                    "exclude_opted_out", "respect_frequency_rules", "exclude_recently_contacted", "recent_contact_days"
                )
            },
        ),
    )  # fmt: skip

    actions = ("pause_ticked", "resume_ticked", "cancel_ticked")

    def has_steer_permission(self, request: HttpRequest) -> bool:
        """What the room only shows, who may change distributions may still hold back."""
        return request.user.has_perm("distributor.change_distribution")

    @admin.action(description="Pause: nothing begins until it is resumed", permissions=["steer"])
    def pause_ticked(self, request: HttpRequest, ticked: QuerySet[Distribution]) -> None:
        self._steer(request, ticked, pause, "paused")

    @admin.action(description="Resume", permissions=["steer"])
    def resume_ticked(self, request: HttpRequest, ticked: QuerySet[Distribution]) -> None:
        self._steer(request, ticked, resume, "resumed")

    @admin.action(description="Cancel for good: nothing begins any more, the links close", permissions=["steer"])
    def cancel_ticked(self, request: HttpRequest, ticked: QuerySet[Distribution]) -> None:
        self._steer(request, ticked, cancel, "cancelled")

    def _steer(
        self,
        request: HttpRequest,
        ticked: QuerySet[Distribution],
        steer: Callable[[UUID, datetime], Distribution],
        done: str,
    ) -> None:
        now = database_now()
        for row in ticked:
            try:
                steer(row.pk, now)
            except DistributionOverError as refusal:
                self.message_user(request, f"{row} is {refusal.status.value} already.", messages.WARNING)
            else:
                self.log_change(request, row, done)
                self.message_user(request, f"{row} is {done}.", messages.SUCCESS)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(read_at=Now())

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Distribution], search_term: str
    ) -> tuple[QuerySet[Distribution], bool]:
        try:
            known = UUID(search_term.strip())
        except ValueError:
            return super().get_search_results(request, queryset, search_term)
        found = (queryset.filter(**{name: known}) for name in ("pk", "survey_id", "mailing_list_id"))
        return next((rows for rows in found if rows.exists()), queryset.none()), False

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
            left_out=_first_left_out(obj),
            expansion=Expansion.objects.filter(pk=obj.pk).first(),
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


def _first_batches(distribution: Distribution) -> QuerySet[Batch]:
    """Those that still wait, the first due first; then what is done."""
    return distribution.batches.select_related("step").order_by("-state", "due_at", "pk")[:SHOWN_LIMIT]


def _first_left_out(distribution: Distribution) -> Sequence[tuple[Decision, Contact | None, str]]:
    """Who never became a recipient, and why: also as a sentence."""
    skipped = Decision.objects.filter(distribution_id=distribution.pk, recipient_id=None)
    decisions = list(skipped.order_by("id")[:SHOWN_LIMIT])
    contacts = Contact.objects.in_bulk({decision.contact_id for decision in decisions})
    zone = zone_named(distribution.organization.time_zone)
    return [(decision, contacts.get(decision.contact_id), decision.sentence(zone)) for decision in decisions]
