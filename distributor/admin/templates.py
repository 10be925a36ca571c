"""Templates with their variants, and a preview of each."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from channels.models import Template, TemplateVariant
from contacts.channel import Channel
from distributor.admin.support.base import BaseAdmin
from distributor.admin.support.narrowing import NarrowedInline
from distributor.admin.support.template_preview import preview_variant
from distributor.models import Step


class VariantInline(NarrowedInline[TemplateVariant, Template]):
    """The texts, one variant per locale; at least one is required."""

    model = TemplateVariant
    extra = 0
    min_num = 1

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        return super().get_formset(request, obj, validate_min=True, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Only e-mail has a subject and HTML."""
        if obj is not None and obj.channel != Channel.EMAIL:
            return ("locale", "text")
        return ("locale", "subject", "html", "text")


@admin.register(Template)
class TemplateAdmin(BaseAdmin[Template]):
    list_display = ("name", "channel", "is_default", "locales", "organization", "created_at")
    list_select_related = ("organization",)
    list_filter = ("organization", "channel", "on_missing_value")
    search_fields = ("name",)
    autocomplete_fields = ("organization",)
    add_only_fields = ("organization", "channel")
    inlines = (VariantInline,)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("variants")

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Let a form without the choice take the default."""
        field = super().formfield_for_choice_field(db_field, request, **kwargs)
        if field is not None and db_field.name == "on_missing_value":
            field.required = False
        return field

    def is_used(self, row: Template) -> bool:
        return Step.objects.filter(template=row).exists()

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Template | None = None,
    ) -> HttpResponse:
        if obj is not None:
            context["previews"] = [preview_variant(variant) for variant in obj.variants.all()]
            context["is_email"] = obj.channel == Channel.EMAIL
        return super().render_change_form(request, context, add, change, form_url, obj)

    @admin.display(description="locales")
    def locales(self, template: Template) -> str:
        return ", ".join(variant.locale for variant in template.variants.all())
