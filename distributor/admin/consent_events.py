"""The record of what people said about being written to, and who reported it."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from contacts.models import ConsentEvent
from distributor.admin.support.address_validation import shown_address
from distributor.admin.support.base import ReadOnlyAdmin
from distributor.admin.support.search import find_contacts, searched_organizations


@admin.register(ConsentEvent)
class ConsentEventAdmin(ReadOnlyAdmin[ConsentEvent]):
    list_display = ("recorded_at", "what", "closes", "channel", "written_address", "source", "organization")
    list_select_related = ("organization",)
    search_fields = ("contact_id",)
    search_help_text = "Enter the contact's external ID, e-mail address, phone number or ID."
    fields = (
        "organization",
        "contact_id",
        "what",
        "closes",
        "channel",
        "address",
        "source",
        "evidence",
        "said_at",
        "recorded_at",
    )

    @admin.display(description="address")
    def written_address(self, event: ConsentEvent) -> str:
        return shown_address(event.address)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ConsentEvent], search_term: str
    ) -> tuple[QuerySet[ConsentEvent], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        return queryset.filter(contact_id__in=find_contacts(term, searched_organizations(request))), False
