"""Recipients: search by link code or contact. The page of one is control_room/recipient/."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from distributor.admin.support.base import ReadOnlyAdmin
from distributor.admin.support.filters import ContactFilter, DistributionFilter
from distributor.admin.support.manual_retry import retry_in_admin
from distributor.admin.support.search import find_recipients, searched_organizations
from distributor.models import Distribution, Recipient
from distributor.models.recipient import RecipientOutcome, RecipientState
from distributor.rules.journey.manual_retry import RetrySelection


class StateFilter(admin.SimpleListFilter):
    """Shown only within one distribution.

    The state is not indexed, to keep sending fast. Filtering a million recipients takes 160 ms.
    """

    title, parameter_name = "state", "state"
    conditions = {
        "waiting": Q(state=RecipientState.WAITING),
        **{outcome.value: Q(outcome=outcome) for outcome in RecipientOutcome},
        "stopped": Q(state=RecipientState.STOPPED),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(name, name) for name in self.conditions] if DistributionFilter.parameter_name in request.GET else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Recipient]) -> QuerySet[Recipient]:
        condition = self.conditions.get(self.value() or "")
        return queryset.filter(condition) if condition and self.lookup_choices else queryset


@admin.register(Recipient)
class RecipientAdmin(ReadOnlyAdmin[Recipient]):
    organization_path = "distribution__organization"
    list_display = (
        "code", "contact", "distribution", "mode_of_key", "current_state", "reason", "attempts", "accepted"
    )  # fmt: skip
    list_select_related = ("contact", "distribution")
    list_filter = (DistributionFilter, ContactFilter, StateFilter)
    search_fields = ("code",)
    search_help_text = "Enter a complete link code, or the contact's external ID, e-mail address, phone number or ID."
    actions = ("retry_selected",)

    def permission_to(self, deed: str) -> str:
        """Sending again to recipients is part of controlling their distribution."""
        return "distributor.control_distribution" if deed == "control" else super().permission_to(deed)

    def has_control_permission(self, request: HttpRequest) -> bool:
        return self.is_permitted(request, "control")

    @admin.action(description="Send again to those who failed", permissions=["control"])
    def retry_selected(self, request: HttpRequest, selected: QuerySet[Recipient]) -> None:
        contact_ids: defaultdict[Distribution, list[UUID]] = defaultdict(list)
        for recipient in selected.select_related("distribution"):
            contact_ids[recipient.distribution].append(recipient.contact_id)
        for distribution, ids in contact_ids.items():
            retry_in_admin(self, request, distribution, RetrySelection(contact_ids=ids))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Recipient], search_term: str
    ) -> tuple[QuerySet[Recipient], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        return queryset.filter(pk__in=find_recipients(term, searched_organizations(request))), False

    @admin.display(description="state")
    def current_state(self, recipient: Recipient) -> str:
        return recipient.outcome or recipient.state

    @admin.display(description="key", empty_value="")
    def mode_of_key(self, recipient: Recipient) -> str | None:
        """Mark recipients of test and team keys."""
        return recipient.distribution.marked_key_kind

    @admin.display(description="attempts")
    def attempts(self, recipient: Recipient) -> int:
        return recipient.attempt_count

    @admin.display(description="accepted (UTC)")
    def accepted(self, recipient: Recipient) -> str:
        return f"{recipient.created_at:%Y-%m-%d %H:%M}"
