"""Provider accounts. Credentials can be entered, replaced and cleared, but are never shown."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html

from channels.account_changes import changes_address, credentials_after
from channels.account_state.buckets import bucket_of
from channels.account_state.health import HealthStatus, health_of
from channels.credentials import UNREADABLE, UnreadableCredentials
from channels.models import ProviderAccount
from channels.providers.registry import provider_class
from distributor.admin.support.account_scores import describe_scores
from distributor.admin.support.base import BaseAdmin, ReadAt
from distributor.admin.support.typed_classes import ModelForm
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.route.waiting_batches import resume_account
from distributor.models import Step, StepAccount
from distributor.sign_in.session import ask_password_again, confirmation_url, is_confirmed

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    ReadAccount = WithAnnotations[ProviderAccount, ReadAt]

_ENTER, _CLEAR = "enter_", "clear_"


class CredentialForm(ModelForm[ProviderAccount]):
    """One field for each credential, always shown empty. A value replaces the stored one; a checkbox clears it."""

    credential_names: tuple[str, ...] = ()
    has_dropped_credentials = False  # the address changed, and not all stored credentials were entered again

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._configuration_before = self.instance.configuration  # validation replaces it by the given one

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        both = [name for name in self.credential_names if cleaned.get(_ENTER + name) and cleaned.get(_CLEAR + name)]
        if both:
            raise ValidationError(
                {_ENTER + name: "Enter a new value or clear the stored one, not both." for name in both}
            )
        return cleaned

    def save(self, commit: bool = True) -> ProviderAccount:
        account = self.instance
        given: dict[str, str | None] = {}
        for name in self.credential_names:
            if self.cleaned_data.get(_CLEAR + name):
                given[name] = None
            elif value := self.cleaned_data.get(_ENTER + name):
                given[name] = value
        change = (account.kind, self._configuration_before, account.configuration)
        before, account.credentials = account.credentials, credentials_after(*change, account.credentials, given)
        self.has_dropped_credentials = changes_address(*change) and bool(before.keys() - account.credentials.keys())
        return super().save(commit)


def credential_form(names: tuple[str, ...], stored: Mapping[str, str]) -> type[CredentialForm]:
    """Build the form for an account that has these credentials."""
    fields: dict[str, Any] = {"credential_names": names}
    for name in names:
        is_set = bool(stored.get(name))
        fields[_ENTER + name] = forms.CharField(
            label=name.replace("_", " ").capitalize(),
            required=False,
            strip=False,
            widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "class": "vTextField"}),
            help_text="Set. Leave empty to keep the stored value." if is_set else "Not set.",
        )
        if is_set:
            fields[_CLEAR + name] = forms.BooleanField(label=f"Clear the {name.replace('_', ' ')}", required=False)
    return cast(type[CredentialForm], type("AccountForm", (CredentialForm,), fields))


def _gives_credentials(request: HttpRequest) -> bool:
    return any(value for name, value in request.POST.items() if name.startswith((_ENTER, _CLEAR)))


def _shown(moment: datetime | None) -> str:
    return "unknown" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}"


@admin.register(ProviderAccount)
class ProviderAccountAdmin(BaseAdmin[ProviderAccount]):
    list_display = (
        "name",
        "kind",
        "channel",
        "organization",
        "is_active",
        "is_default",
        "status",
        "rate",
        "stand_in",
    )
    list_select_related = ("organization", "pace", "stand_in")
    list_filter = ("organization", "channel", "is_active", "is_default")
    search_fields = ("name",)
    autocomplete_fields = ("organization", "stand_in")
    readonly_fields = ("created_at", "status", "sent_today", "refused_senders", "scores")
    add_only_fields = ("organization", "kind", "channel")

    def is_used(self, row: ProviderAccount) -> bool:
        return (
            Step.objects.filter(provider_account=row).exists()
            or StepAccount.objects.filter(provider_account=row).exists()
            or ProviderAccount.objects.filter(stand_in=row).exists()
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProviderAccount]:
        rows: QuerySet[ProviderAccount] = super().get_queryset(request)
        return rows.annotate(read_at=Now())

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is not None:
            kwargs["form"] = credential_form(provider_class(obj.kind).credential_names, obj.credentials)
        return super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: ProviderAccount | None = None) -> Any:
        fieldsets = [
            (None, {"fields": ("organization", "name", "kind", "channel", "is_active", "is_default")}),
            ("Sender", {"fields": ("from_email", "from_name", "reply_to_email")}),
            ("Configuration", {"fields": ("configuration",)}),
            ("Sending limits", {"fields": ("rate_per_second", "daily_limit", "urgent_reserve_percent", "stand_in")}),
        ]
        if obj:
            fieldsets.insert(1, ("Status", {"fields": ("status", "sent_today", "refused_senders", "scores")}))
        names = provider_class(obj.kind).credential_names if obj else ()
        if obj and names and self.has_change_permission(request, obj):
            fields = list(credential_form(names, obj.credentials).base_fields) if is_confirmed(request) else []
            description = "Stored encrypted. Never shown again. Cleared when the address above changes."
            if not fields:
                page = format_html('<a href="{}">Enter your password again</a>', confirmation_url(request))
                description = format_html("{} to change the credentials of this account.", page)
            if isinstance(obj.credentials, UnreadableCredentials):
                description = UNREADABLE
            fieldsets.append(("Credentials", {"fields": fields, "description": description}))
        return fieldsets

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Take no credentials when the password was entered more than ten minutes ago."""
        if _gives_credentials(request) and not is_confirmed(request):
            return ask_password_again(request)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def save_model(self, request: HttpRequest, obj: ProviderAccount, form: Any, change: bool) -> None:
        """Save, and resume the account: saving it tells us that the operator has fixed it."""
        super().save_model(request, obj, form, change)
        if getattr(form, "has_dropped_credentials", False):
            self.message_user(
                request,
                "The address changed, so the stored credentials were cleared. Enter those of the new address.",
                messages.WARNING,
            )
        if resume_account(obj.pk, database_now()):
            self.log_change(request, obj, "Closed the breaker.")
            self.message_user(
                request, "The breaker is closed. Messages that were waiting for this account are being sent."
            )

    @admin.display(description="status")
    def status(self, row: "ReadAccount") -> str:
        """Return whether the account can send now, and if not, why and until when (UTC)."""
        health = health_of(bucket_of(row), is_active=row.is_active, now=row.read_at)
        match health.status:
            case HealthStatus.BROKEN:
                since = "" if health.since is None else f" since {health.since:%Y-%m-%d %H:%M}"
                return f"broken{since}: {health.reason}. Next probe: {_shown(health.until)}"
            case HealthStatus.FAILING:
                return f"failing since {_shown(health.since)}"
            case HealthStatus.PAUSED:
                return f"paused until {_shown(health.until)}"
        return "active" if health.status is HealthStatus.WORKING else "switched off"

    @admin.display(description="refused senders")
    def refused_senders(self, row: ProviderAccount) -> str:
        """Return the senders that the provider refuses although the account works. Messages with them wait."""
        refused = row.refused_senders.order_by("email")
        return "; ".join(f"{each.email} since {_shown(each.since)}: {each.because}" for each in refused) or "none"

    @admin.display(description="lately, by destination")
    def scores(self, row: "ReadAccount") -> str:
        """Return what came of the account's last messages, where it shares them with others by weight."""
        return describe_scores(row.scores.order_by("destination"), row.read_at)

    @admin.display(description="rate")
    def rate(self, row: ProviderAccount) -> str:
        per_second = "" if row.rate_per_second is None else f"{row.rate_per_second:g}/s"
        per_day = "" if row.daily_limit is None else f"{row.daily_limit:,} per day"
        return ", ".join(filter(None, (per_second, per_day)))

    @admin.display(description="sent today (UTC)")
    def sent_today(self, row: "ReadAccount") -> str:
        bucket = bucket_of(row)
        count = bucket.sent_today if bucket.day == row.read_at.date() else 0
        return f"{count:,} of {row.daily_limit:,}" if row.daily_limit else "not counted (no daily limit)"

    def response_add(
        self, request: HttpRequest, obj: ProviderAccount, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Continue with the credentials: which ones there are depends on the kind, known only now."""
        response = super().response_add(request, obj, post_url_continue)
        if not provider_class(obj.kind).credential_names or not self.has_change_permission(request, obj):
            return response
        return HttpResponseRedirect(reverse("admin:channels_provideraccount_change", args=[obj.pk]))
