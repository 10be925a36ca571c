"""The audit log: searched by organisation, actor, action, row and time; never changed."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from contacts.models import Organization
from distributor.admin.support.base import ReadOnlyAdmin
from distributor.admin.support.narrowing import visible_rows
from distributor.engine.infrastructure.clock import database_now
from distributor.models import AuditEntry


class AuditedOrganizationFilter(admin.SimpleListFilter):
    title, parameter_name = "organisation", "organization_id"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        visible = visible_rows(model_admin.admin_site, request, Organization.objects.all())
        return [(str(pk), name) for pk, name in visible.values_list("pk", "name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        if not self.value():
            return queryset
        try:
            return queryset.filter(organization_id=UUID(self.value()))
        except ValueError as error:
            raise IncorrectLookupParameters(error) from error


class TimeFilter(admin.SimpleListFilter):
    title, parameter_name = "time", "past_days"
    days = {"1": "Past 24 hours", "7": "Past 7 days", "30": "Past 30 days", "365": "Past year"}

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return self.days.items()

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        days = self.value()
        return queryset.filter(at__gte=database_now() - timedelta(days=int(days))) if days in self.days else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin[AuditEntry]):
    """Managers see what was done in their organisations. Entries about the whole installation are for superusers."""

    organization_path = "organization_id"
    list_display = ("at", "actor_name", "actor_kind", "action", "object_type", "object_id", "request_id")
    list_filter = (AuditedOrganizationFilter, TimeFilter, "actor_kind", "object_type")
    search_fields = ("object_id",)
    search_help_text = "Enter the complete id of a row, a key or a user, a request id, an action, or an actor's name."
    fields = (
        "at",
        "organization_id",
        "actor_kind",
        "actor_name",
        "actor_id",
        "action",
        "object_type",
        "object_id",
        "changes",
        "request_id",
    )

    def organization_of(self, row: AuditEntry) -> UUID | None:
        return row.organization_id

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEntry], search_term: str
    ) -> tuple[QuerySet[AuditEntry], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        exact = Q(object_id=term) | Q(actor_id=term) | Q(request_id=term) | Q(action=term) | Q(actor_name=term)
        return queryset.filter(exact), False
