"""Templates with their variants, and a preview of each."""

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path

from channels.models import Template, TemplateVariant
from channels.template_versions import keep_version, lock_texts
from contacts.channel import Channel
from distributor.admin.support.base import BaseAdmin
from distributor.admin.support.narrowing import NarrowedInline
from distributor.admin.support.template_preview import preview_variant
from distributor.models import Step
from distributor.pages.sandbox.access import HTML_PART_POLICY


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

    def get_urls(self) -> list[URLPattern]:
        part = path(
            "<path:object_id>/preview/<str:locale>/",
            self.admin_site.admin_view(self.show_html_part),
            name="channels_template_preview",
        )
        return [part, *super().get_urls()]

    def show_html_part(self, request: HttpRequest, object_id: str, locale: str) -> HttpResponse:
        """Show a variant's HTML part in the frame of its preview: with styles and pictures, without scripts."""
        template = self.get_object(request, object_id)
        variant = None if template is None else template.variants.filter(locale=locale).first()
        if variant is None:
            raise Http404
        return HttpResponse(preview_variant(variant).html, headers={"Content-Security-Policy": HTML_PART_POLICY})

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Let a form without the choice take the default."""
        field = super().formfield_for_choice_field(db_field, request, **kwargs)
        if field is not None and db_field.name == "on_missing_value":
            field.required = False
        return field

    def save_model(self, request: Any, obj: Template, form: Any, change: bool) -> None:
        if change:
            lock_texts(obj.pk)
        super().save_model(request, obj, form, change)

    def save_related(self, request: Any, form: Any, formsets: Any, change: bool) -> None:
        """Keep a version of what the template says now."""
        super().save_related(request, form, formsets, change)
        keep_version(form.instance, request.user.get_username())

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
