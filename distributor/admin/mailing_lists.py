"""Mailing lists: rename and delete. Operators and API calls make them (control_room/sends/lists.py), and sends."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from contacts.models import MailingList
from distributor.admin.support.base import LargeTableAdmin
from distributor.admin.support.filters import list_url
from distributor.models import Distribution


class MadeByFilter(admin.SimpleListFilter):
    """Shows the lists that people made, unless the others are asked for: sends make a list each."""

    title = "made by"
    parameter_name = "made_by"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("sends", "sends, for their own recipients"), ("all", "anybody")]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        return [{**first, "display": "people and API calls"}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[MailingList]) -> QuerySet[MailingList]:
        match self.value():
            case "all":
                return queryset
            case "sends":
                return queryset.filter(is_automatic=True)
        return queryset.filter(is_automatic=False)


@admin.register(MailingList)
class MailingListAdmin(LargeTableAdmin[MailingList]):
    list_display = ("__str__", "organization", "created_at")
    list_select_related = ("organization",)
    list_filter = (MadeByFilter,)
    search_fields = ("name",)
    search_help_text = "Enter part of the name, or the ID."
    fields = ("organization", "name", "is_automatic", "distributions", "created_at")
    readonly_fields = ("is_automatic", "distributions", "created_at")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[MailingList], search_term: str
    ) -> tuple[QuerySet[MailingList], bool]:
        """Find lists. Where one is chosen (autocompletion), lists of sends are found by their id only."""
        try:
            return queryset.filter(pk=UUID(search_term.strip())), False
        except ValueError:
            if request.path.endswith("/autocomplete/"):
                queryset = queryset.filter(is_automatic=False)
            return super().get_search_results(request, queryset, search_term)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description="distributions")
    def distributions(self, mailing_list: MailingList) -> SafeString:
        return format_html(
            '<a href="{}">View the distributions to this list</a>', list_url(Distribution, mailing_list=mailing_list.pk)
        )
