"""Surveys: what is sent."""

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString

from distributor.admin.narrowing import list_url
from distributor.admin.room import Room
from distributor.models import Distribution, Response, Survey


@admin.register(Survey)
class SurveyRoom(Room[Survey]):
    list_display = ("name", "organization", "default_locale", "target_url", "sent", "answered")
    list_select_related = ("organization",)
    list_filter = ("organization",)
    search_fields = ("name",)
    autocomplete_fields = ("organization",)
    readonly_fields = ("created_at",)
    fieldsets = (
        (None, {"fields": ("organization", "name", "default_locale", "throttle_minutes")}),
        ("Where a link leads", {"fields": ("target_url", "question")}),
        ("Thank you", {"fields": ("thank_you_message", "thank_you_link_text", "thank_you_link_url")}),
    )

    def is_used(self, row: Survey) -> bool:
        return Distribution.objects.filter(survey=row).exists()

    @admin.display(description="distributions")
    def sent(self, survey: Survey) -> SafeString:
        return format_html('<a href="{}">distributions</a>', list_url(Distribution, survey=survey.pk))

    @admin.display(description="responses")
    def answered(self, survey: Survey) -> SafeString:
        return format_html('<a href="{}">responses</a>', list_url(Response, survey=survey.pk))
