"""Mailing lists: named audiences."""

from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from contacts.models import MailingList
from distributor.admin.narrowing import list_url
from distributor.admin.room import LargeRoom
from distributor.models import Distribution


@admin.register(MailingList)
class MailingListRoom(LargeRoom[MailingList]):
    """A list comes with the call that names its people: here it is renamed, or deleted; links outlive it."""

    list_display = ("__str__", "organization", "created_at")
    list_select_related = ("organization",)
    search_fields = ("name",)
    search_help_text = "A part of the name, or the id."
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
        return format_html('<a href="{}">what it was sent</a>', list_url(Distribution, mailing_list=mailing_list.pk))
