"""Provider accounts. Credentials can be entered, replaced and cleared, but are never shown."""

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html

from channels.account_state.buckets import bucket_of
from channels.account_state.health import HealthStatus, health_of
from channels.credentials import UNREADABLE, UnreadableCredentials
from channels.models import ProviderAccount
from channels.providers.registry import PROVIDERS, provider_class
from contacts.channel import Channel
from distributor.admin.providers.account_form import CLEAR, ENTER, account_form, credential_field_names
from distributor.admin.providers.setting_fields import PREFIX
from distributor.admin.providers.trial_page import answer_trial
from distributor.admin.support.account_scores import describe_scores
from distributor.admin.support.base import BaseAdmin, ReadAt
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.route.step_context import as_account
from distributor.engine.route.waiting_batches import resume_account
from distributor.models import Step, StepAccount
from distributor.sign_in.session import ask_password_again, confirmation_url, is_confirmed

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    ReadAccount = WithAnnotations[ProviderAccount, ReadAt]


def _kind(request: HttpRequest) -> str:
    """Return the kind of an account that is being added."""
    return request.POST.get("kind") or request.GET.get("kind", "")


def _credential_fieldset(request: HttpRequest, kind: str, stored: Any) -> dict[str, Any]:
    description: Any = "Stored encrypted. Never shown again. Cleared when the address above changes."
    if isinstance(stored, UnreadableCredentials):
        description = UNREADABLE
    if is_confirmed(request):
        return {"fields": credential_field_names(kind, stored), "description": description}
    link = format_html('<a href="{}">Enter your password again</a>', confirmation_url(request))
    return {"fields": [], "description": format_html("{} to change the credentials of this account.", link)}


def _gives_credentials(request: HttpRequest) -> bool:
    return any(value for name, value in request.POST.items() if name.startswith((ENTER, CLEAR)))


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
    readonly_fields = (
        "created_at", "status", "sent_today", "refused_senders", "scores", "account_id", "webhook_address",
    )  # fmt: skip
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
        if obj is None:
            kwargs["form"] = account_form(_kind(request), {}, {})
        else:
            kwargs["form"] = account_form(obj.kind, obj.configuration, obj.credentials)
        return super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: ProviderAccount | None = None) -> Any:
        kind = obj.kind if obj else _kind(request)
        provider = provider_class(kind)
        fieldsets: list[Any] = [
            (None, {"fields": ("organization", "name", "kind", "channel", "is_active", "is_default")}),
        ]
        if obj:
            fields = ("status", "sent_today", "refused_senders", "scores", "account_id", "webhook_address")
            fieldsets.append(("Status", {"fields": fields}))
        if Channel.EMAIL in (provider.channels if obj is None else {obj.channel}):
            fieldsets.append(("Sender", {"fields": ("from_email", "from_name", "reply_to_email")}))
        if self.has_change_permission(request, obj) if obj else True:
            fieldsets.append((provider.label, {"fields": [PREFIX + name for name in provider.settings]}))
        else:
            fieldsets.append(("Configuration", {"fields": ("configuration",)}))
        fieldsets.append(
            ("Sending limits", {"fields": ("rate_per_second", "daily_limit", "urgent_reserve_percent", "stand_in")})
        )
        fieldsets.append(("Price", {"fields": (("unit_price", "price_currency"),)}))
        stored = obj.credentials if obj else {}
        if provider.credential_names and (obj is None or self.has_change_permission(request, obj)):
            fieldsets.append(("Credentials", _credential_fieldset(request, kind, stored)))
        return fieldsets

    def get_urls(self) -> Any:
        page = self.admin_site.admin_view(self.trial_view)
        return [path("<uuid:account_id>/test/", page, name="channels_provideraccount_trial"), *super().get_urls()]

    def trial_view(self, request: HttpRequest, account_id: UUID) -> HttpResponse:
        """Test an account. Users who may change an account may also send with it."""
        account = get_object_or_404(self.get_queryset(request), pk=account_id)
        if not self.has_change_permission(request, account):
            raise PermissionDenied
        return answer_trial(self.admin_site, request, account, getattr(request.user, "email", ""))

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Ask for the kind first: the form depends on it."""
        if self.has_add_permission(request) and _kind(request) not in PROVIDERS:
            context = {**self.admin_site.each_context(request), "title": "Add a provider account", "opts": self.opts}
            # Not the classes themselves, which a template would call.
            kinds = [(kind, each.label, sorted(each.channels)) for kind in PROVIDERS if (each := provider_class(kind))]
            return TemplateResponse(request, "admin/channels/provideraccount/kinds.html", context | {"kinds": kinds})
        return super().add_view(request, form_url, extra_context)

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

    @admin.display(description="id")
    def account_id(self, row: ProviderAccount) -> str:
        return format_html("<code>{}</code>", row.pk)

    @admin.display(description="webhook address")
    def webhook_address(self, row: ProviderAccount) -> str:
        """Return where the provider must report what becomes of messages."""
        return format_html("<code>{}</code>", as_account(row).webhook_url)

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
