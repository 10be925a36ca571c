"""Mailing lists: rename and delete. API calls create them."""

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


@admin.register(MailingList)
class MailingListAdmin(LargeTableAdmin[MailingList]):
    list_display = ("__str__", "organization", "created_at")
    list_select_related = ("organization",)
    search_fields = ("name",)
    search_help_text = "Enter part of the name, or the ID."
    fields = ("organization", "name", "distributions", "created_at")
    readonly_fields = ("distributions", "created_at")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[MailingList], search_term: str
    ) -> tuple[QuerySet[MailingList], bool]:
        try:
            return queryset.filter(pk=UUID(search_term.strip())), False
        except ValueError:
            return super().get_search_results(request, queryset, search_term)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description="distributions")
    def distributions(self, mailing_list: MailingList) -> SafeString:
        return format_html(
            '<a href="{}">View the distributions to this list</a>', list_url(Distribution, mailing_list=mailing_list.pk)
        )
