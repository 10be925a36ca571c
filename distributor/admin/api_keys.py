"""API keys: shown once when created, revoked, never deleted."""

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from contacts.api_keys import create_api_key, revoke_api_keys
from contacts.models import ApiKey
from contacts.models.api_key import KeyKind, Scope
from distributor.admin.support.base import BaseAdmin, ReadAt
from distributor.admin.support.confirmed import ConfirmedAdmin
from distributor.admin.support.typed_classes import ModelForm
from distributor.engine.calls.last_calls import read_last_calls
from distributor.engine.infrastructure.clock import database_now

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    ReadApiKey = WithAnnotations[ApiKey, ReadAt]


class ApiKeyForm(ModelForm[ApiKey]):
    kind = forms.ChoiceField(
        choices=KeyKind.choices, initial=KeyKind.LIVE, required=False, help_text="It cannot be changed later."
    )
    scopes = forms.MultipleChoiceField(choices=Scope.choices, widget=forms.CheckboxSelectMultiple)

    def clean_kind(self) -> str:
        """Keys are live unless they are said not to be."""
        return self.cleaned_data["kind"] or KeyKind.LIVE


class KeyCreatingRequest(HttpRequest):
    """A request that created a key. The key itself is kept nowhere else."""

    created_key: str


@admin.register(ApiKey)
class ApiKeyAdmin(ConfirmedAdmin, BaseAdmin[ApiKey]):
    form = ApiKeyForm
    list_display = (
        "name",
        "organization",
        "kind",
        "shown_prefix",
        "scope_names",
        "is_usable",
        "expires_at",
        "last_used_at",
    )
    list_select_related = ("organization",)
    list_filter = ("organization",)
    search_fields = ("name", "prefix")
    autocomplete_fields = ("organization",)
    add_only_fields = ("organization", "kind")
    readonly_fields = ("shown_prefix", "last_used_at", "revoked_at", "created_at")
    actions = ("revoke",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(read_at=Now())

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        editable = ("organization", "name", "kind", "scopes", "requests_per_minute", "expires_at")
        return editable if obj is None else (*editable, *self.readonly_fields)

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        """Never: distributions refer to the key that created them."""
        return False

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: ApiKey | None = None,
    ) -> HttpResponse:
        """Offer a single save button for a new key: the page that shows the key must come next. Show its last calls."""
        context["last_calls"] = read_last_calls(obj.pk) if obj else []
        context.update(show_save_and_continue=change, show_save_and_add_another=False)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        if change:
            obj.save(update_fields=["name", "scopes", "requests_per_minute", "expires_at"])
            return
        row, key = create_api_key(obj.organization, obj.name, obj.scopes, expires_at=obj.expires_at, kind=obj.kind)
        if obj.requests_per_minute is not None:
            ApiKey.objects.filter(pk=row.pk).update(requests_per_minute=obj.requests_per_minute)
        cast(KeyCreatingRequest, request).created_key = key
        obj.pk = row.pk
        obj.refresh_from_db()

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        """Show the key on its own page. A message would keep it in a cookie until it is shown."""
        context = {
            **self.admin_site.each_context(request),
            "title": "API key",
            "opts": self.opts,
            "api_key": obj,
            "key": cast(KeyCreatingRequest, request).created_key,
        }
        return TemplateResponse(request, "admin/contacts/apikey/created.html", context)

    @admin.action(description="Revoke the selected API keys", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        active_keys = list(queryset.filter(revoked_at=None))
        count = revoke_api_keys(queryset, database_now())
        for key in active_keys:
            self.log_change(request, key, "Revoked.")
        self.message_user(request, f"API keys revoked: {count}.", messages.SUCCESS)

    @admin.display(description="key")
    def shown_prefix(self, key: ApiKey) -> str:
        return f"dk_{key.prefix}_…"

    @admin.display(description="scopes")
    def scope_names(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @admin.display(description="usable", boolean=True)
    def is_usable(self, key: "ReadApiKey") -> bool:
        return key.is_usable(key.read_at)
