"""API keys: made by the domain, shown once, revoked and never deleted."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from contacts.keys import create_api_key, revoke_api_keys
from contacts.models import ApiKey
from contacts.models.api_key import Scope
from distributor.admin.generic import ModelForm
from distributor.admin.room import Room
from distributor.engine.clock import database_now


class ApiKeyForm(ModelForm[ApiKey]):
    scopes = forms.MultipleChoiceField(choices=Scope.choices, widget=forms.CheckboxSelectMultiple)


class MintingRequest(HttpRequest):
    """A request during which a key was made. Only this object ever holds it."""

    minted_key: str


@admin.register(ApiKey)
class ApiKeyRoom(Room[ApiKey]):
    form = ApiKeyForm
    list_display = ("name", "organization", "shown_prefix", "scope_names", "is_usable", "expires_at", "last_used_at")
    list_select_related = ("organization",)
    list_filter = ("organization",)
    search_fields = ("name", "prefix")
    autocomplete_fields = ("organization",)
    readonly_fields = ("shown_prefix", "last_used_at", "revoked_at", "created_at")
    actions = ("revoke",)

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        entered = ("organization", "name", "scopes", "expires_at")
        return entered if obj is None else (*entered, *self.readonly_fields)

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        """Never: distributions name the key they came by."""
        return False

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        if change:
            obj.save(update_fields=["name", "scopes", "expires_at"])
            return
        row, key = create_api_key(obj.organization, obj.name, obj.scopes, expires_at=obj.expires_at)
        cast(MintingRequest, request).minted_key = key
        obj.pk = row.pk
        obj.refresh_from_db()

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        """The key itself, on a page of its own and not in a message: messages are kept in a cookie until shown."""
        context = {
            **self.admin_site.each_context(request),
            "title": "API key",
            "opts": self.opts,
            "api_key": obj,
            "key": cast(MintingRequest, request).minted_key,
        }
        return TemplateResponse(request, "admin/contacts/apikey/minted.html", context)

    @admin.action(description="Revoke the selected API keys", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        live = list(queryset.filter(revoked_at=None))
        count = revoke_api_keys(queryset, database_now())
        for key in live:
            self.log_change(request, key, "Revoked.")
        self.message_user(request, f"{count} API keys revoked.", messages.SUCCESS)

    @admin.display(description="key")
    def shown_prefix(self, key: ApiKey) -> str:
        return f"dk_{key.prefix}_…"

    @admin.display(description="scopes")
    def scope_names(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @admin.display(description="usable", boolean=True)
    def is_usable(self, key: ApiKey) -> bool:
        return key.is_usable(database_now())
