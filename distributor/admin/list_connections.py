"""List connections: the survey that is sent to each person added to a mailing list."""

from typing import Any

from django.contrib import admin

from distributor.admin.support.base import BaseAdmin
from distributor.admin.support.narrowing import NarrowedInline
from distributor.models import ConnectionStep, ListConnection


class StepInline(NarrowedInline[ConnectionStep, ListConnection]):
    """The channels to send by. Without any, the organisation's first channel that has defaults is used."""

    model = ConnectionStep
    extra = 0
    autocomplete_fields = ("provider_account", "template")


@admin.register(ListConnection)
class ListConnectionAdmin(BaseAdmin[ListConnection]):
    organization_path = "mailing_list__organization"
    list_display = ("mailing_list", "organization", "survey", "mode", "is_active", "created_at")
    list_select_related = ("mailing_list__organization", "survey")
    list_filter = ("mailing_list__organization", "is_active")
    search_fields = ("mailing_list__name",)
    autocomplete_fields = ("mailing_list", "survey")
    fields = ("mailing_list", "survey", "mode", "is_active", "created_at")
    readonly_fields = ("created_at",)
    add_only_fields = ("mailing_list",)
    inlines = (StepInline,)

    @admin.display(description="organization")
    def organization(self, row: ListConnection) -> Any:
        return row.mailing_list.organization
