"""Surveys: what a link opens, and the thank-you page."""

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString

from distributor.admin.support.base import BaseAdmin
from distributor.admin.support.filters import list_url
from distributor.models import Distribution, Response, Survey


@admin.register(Survey)
class SurveyAdmin(BaseAdmin[Survey]):
    list_display = ("name", "organization", "default_locale", "target_url", "distributions", "responses")
    list_select_related = ("organization",)
    list_filter = ("organization",)
    search_fields = ("name",)
    autocomplete_fields = ("organization",)
    readonly_fields = ("created_at",)
    fieldsets = (
        (None, {"fields": ("organization", "name", "default_locale", "throttle_minutes")}),
        ("Survey page", {"fields": ("target_url", "question")}),
        ("Thank-you page", {"fields": ("thank_you_message", "thank_you_link_text", "thank_you_link_url")}),
        ("Other languages", {"fields": ("texts",)}),
    )

    def is_used(self, row: Survey) -> bool:
        return Distribution.objects.filter(survey=row).exists()

    @admin.display(description="distributions")
    def distributions(self, survey: Survey) -> SafeString:
        return format_html('<a href="{}">View distributions</a>', list_url(Distribution, survey=survey.pk))

    @admin.display(description="responses")
    def responses(self, survey: Survey) -> SafeString:
        return format_html('<a href="{}">View responses</a>', list_url(Response, survey=survey.pk))
