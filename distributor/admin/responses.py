"""Survey responses."""

import json

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from distributor.admin.support.base import ReadOnlyAdmin
from distributor.admin.support.filters import SurveyFilter
from distributor.admin.support.search import find_recipients, searched_organizations
from distributor.models import Response


@admin.register(Response)
class ResponseAdmin(ReadOnlyAdmin[Response]):
    organization_path = "survey__organization"
    list_display = ("submitted_at", "survey", "recipient", "locale", "short_answers")
    list_select_related = ("survey", "recipient")
    list_filter = (SurveyFilter,)
    search_fields = ("recipient__code",)
    search_help_text = "Enter a complete link code, or the contact's external ID, e-mail address, phone number or ID."
    fields = ("survey", "recipient", "submitted_at", "locale", "all_answers", "attributes")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Response], search_term: str
    ) -> tuple[QuerySet[Response], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        return queryset.filter(recipient__in=find_recipients(term, searched_organizations(request))), False

    @admin.display(description="answers")
    def short_answers(self, response: Response) -> str:
        text = json.dumps(response.answers, ensure_ascii=False)
        return text if len(text) <= 100 else f"{text[:99]}…"

    @admin.display(description="answers")
    def all_answers(self, response: Response) -> SafeString:
        return format_html("<pre>{}</pre>", json.dumps(response.answers, ensure_ascii=False, indent=2))
