"""List connections: the survey that whoever is added to a list is sent."""

from typing import Any

from django.contrib import admin

from distributor.admin.generic import StackedInline
from distributor.admin.room import Room
from distributor.models import ConnectionStep, ListConnection


class StepInline(StackedInline[ConnectionStep, ListConnection]):
    """How people are reached. Without any: by the organisation's first channel that has defaults."""

    model = ConnectionStep
    extra = 0
    autocomplete_fields = ("provider_account", "template")


@admin.register(ListConnection)
class ListConnectionRoom(Room[ListConnection]):
    list_display = ("mailing_list", "organization", "survey", "mode", "is_active", "created_at")
    list_select_related = ("mailing_list__organization", "survey")
    list_filter = ("mailing_list__organization", "is_active")
    search_fields = ("mailing_list__name",)
    autocomplete_fields = ("mailing_list", "survey")
    fields = ("mailing_list", "survey", "mode", "is_active", "created_at")
    readonly_fields = ("created_at",)
    lasting_fields = ("mailing_list",)
    inlines = (StepInline,)

    @admin.display(description="organization")
    def organization(self, row: ListConnection) -> Any:
        return row.mailing_list.organization
