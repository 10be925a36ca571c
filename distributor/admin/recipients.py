"""Recipients: found by code, e-mail address or external id; each with its story."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse

from channels.models import ProviderAccount
from distributor.admin.finding import find_recipients
from distributor.admin.narrowing import OfContact, OfDistribution
from distributor.admin.room import ReadingRoom
from distributor.engine.reports.timeline import timelines_of
from distributor.models import Recipient
from distributor.models.recipient import RecipientOutcome, RecipientState


class State(admin.SimpleListFilter):
    """Offered within one distribution: no index holds the state, so that sending is cheap. 160 ms a million."""

    title, parameter_name = "state", "state"
    choices_by_name = {
        "waiting": Q(state=RecipientState.WAITING),
        **{outcome.value: Q(outcome=outcome) for outcome in RecipientOutcome},
        "stopped": Q(state=RecipientState.STOPPED),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(name, name) for name in self.choices_by_name] if OfDistribution.parameter_name in request.GET else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Recipient]) -> QuerySet[Recipient]:
        chosen = self.choices_by_name.get(self.value() or "")
        return queryset.filter(chosen) if chosen and self.lookup_choices else queryset


@admin.register(Recipient)
class RecipientRoom(ReadingRoom[Recipient]):
    list_display = ("code", "contact", "distribution", "how_it_stands", "reason", "tries", "accepted")
    list_select_related = ("contact", "distribution")
    list_filter = (OfDistribution, OfContact, State)
    search_fields = ("code",)
    search_help_text = "A link's code, or the contact's external id, e-mail address, phone number or id, in full."
    fields = (
        "code",
        "contact",
        "distribution",
        "how_it_stands",
        "reason",
        "locale",
        "attributes",
        "wording",
        "attempt_count",
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Recipient], search_term: str
    ) -> tuple[QuerySet[Recipient], bool]:
        term = search_term.strip()
        return (queryset.filter(pk__in=find_recipients(term)) if term else queryset), False

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        story = timelines_of([obj])[0]
        accounts = ProviderAccount.objects.defer("credentials").in_bulk(
            {attempt.provider_account_id for attempt in story.attempts}
        )
        attempts = [(attempt, accounts.get(attempt.provider_account_id)) for attempt in story.attempts]
        decisions = [(decision, decision.sentence(story.zone)) for decision in story.decisions]
        context.update(story=story, attempts=attempts, decisions=decisions)
        return super().render_change_form(request, context, add, change, form_url, obj)

    @admin.display(description="state")
    def how_it_stands(self, recipient: Recipient) -> str:
        return recipient.outcome or recipient.state

    @admin.display(description="tries")
    def tries(self, recipient: Recipient) -> int:
        return recipient.attempt_count

    @admin.display(description="accepted (UTC)")
    def accepted(self, recipient: Recipient) -> str:
        return f"{recipient.created_at:%Y-%m-%d %H:%M}"
