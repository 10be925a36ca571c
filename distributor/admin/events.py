"""Event endpoints, how they stand, and what was sent to them."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from channels.credentials import UnreadableCredentials
from distributor.admin.support.base import BaseAdmin, ReadOnlyAdmin
from distributor.admin.support.confirmed import ConfirmedAdmin
from distributor.admin.support.typed_classes import ModelForm
from distributor.engine.events.endpoints import (
    EndpointInactiveError,
    FixedTypesError,
    TooManyEndpointsError,
    change_endpoint,
    create_endpoint,
    header_faults,
    lock_room,
    redeliver,
    require_told,
    rotate_secret,
    send_ping,
    url_fault,
)
from distributor.engine.infrastructure.clock import database_now
from distributor.models import EventDelivery, EventEndpoint
from distributor.rules.event_types import STREAMED

_HEADERS_HELP = (
    "Headers that each request has, such as a password of your server, one a line: “Authorization: Bearer 3a7f”. They"
    " are never shown again. Empty: as they are, unless the URL gets another host."
)


class EventEndpointForm(ModelForm[EventEndpoint]):
    types = forms.MultipleChoiceField(
        choices=[(kind.value, kind.value) for kind in STREAMED],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="Only events of these types. None chosen: all.",
    )
    new_headers = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}), required=False, label="headers", help_text=_HEADERS_HELP
    )

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"]).strip()
        if (fault := url_fault(url)) is not None:
            raise ValidationError(fault)
        return url

    def clean_types(self) -> list[str]:
        types: list[str] = self.cleaned_data["types"]
        try:
            require_told(self.instance, types)
        except FixedTypesError as error:
            raise ValidationError(str(error)) from None
        return types

    def clean_new_headers(self) -> dict[str, str]:
        lines = [line.partition(":") for line in self.cleaned_data["new_headers"].splitlines() if line.strip()]
        headers = {name.strip(): value.strip() for name, _, value in lines}
        if faults := [f"{name}: {text}" if name else text for name, text in header_faults(headers)]:
            raise ValidationError(faults)
        return headers

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        organization = cleaned.get("organization")
        if self.instance._state.adding and organization is not None:
            try:
                lock_room(organization)
            except TooManyEndpointsError as error:
                raise ValidationError(str(error)) from None
        return cleaned


@admin.register(EventEndpoint)
class EventEndpointAdmin(ConfirmedAdmin, BaseAdmin[EventEndpoint]):
    form = EventEndpointForm
    list_display = ("name", "organization", "url", "shown_state", "last_error", "last_delivered_at")
    list_select_related = ("organization",)
    list_filter = ("organization",)
    search_fields = ("name", "url")
    autocomplete_fields = ("organization",)
    actions = ("ping", "rotate")
    _EDITED = (
        "organization", "name", "url", "types", "survey_ids", "distribution_ids", "batch_size", "new_headers",
        "is_active",
    )  # fmt: skip
    readonly_fields = (
        "header_names", "secret", "shown_state", "disabled_because", "disabled_at", "failing_since", "retry_at",
        "last_error", "last_delivered_at", "last_deliveries", "created_at",
    )  # fmt: skip

    def get_fields(self, request: HttpRequest, obj: EventEndpoint | None = None) -> Any:
        if obj is None:
            return self._EDITED
        # An operator who may only read sees no form field and no secret.
        if not self.has_change_permission(request, obj):
            return [name for name in (*self._EDITED, *self.readonly_fields) if name not in ("new_headers", "secret")]
        return (*self._EDITED, *self.readonly_fields)

    @transaction.atomic
    def save_model(self, request: HttpRequest, obj: EventEndpoint, form: Any, change: bool) -> None:
        values = {name: form.cleaned_data[name] for name in form.changed_data if name in self._EDITED}
        values.pop("organization", None)
        headers = values.pop("new_headers", None)
        if headers:
            values["headers"] = headers
        if change:
            endpoint = EventEndpoint.objects.select_for_update(no_key=True).get(pk=obj.pk)
            change_endpoint(endpoint, values)
            return
        values |= {"name": obj.name, "url": obj.url, "is_active": obj.is_active}
        made = create_endpoint(obj.organization, values, database_now())
        obj.pk = made.pk
        obj.refresh_from_db()

    @admin.action(description="Send a ping", permissions=["change"])
    def ping(self, request: HttpRequest, endpoints: QuerySet[EventEndpoint]) -> None:
        for endpoint in endpoints:
            try:
                send_ping(endpoint, database_now())
            except EndpointInactiveError:
                self.message_user(request, f"{endpoint} is switched off. Nothing is sent to it.", messages.ERROR)
                continue
            self.log_change(request, endpoint, "Sent a ping.")
            self.message_user(request, "A worker sends it now. See the deliveries.", messages.SUCCESS)

    @admin.action(description="Rotate the secret (the old one signs for 24 hours more)", permissions=["change"])
    def rotate(self, request: HttpRequest, endpoints: QuerySet[EventEndpoint]) -> None:
        with transaction.atomic():
            # Locked: of two rotations at once, the second one keeps the first one's secret.
            for endpoint in endpoints.order_by("pk").select_for_update(of=("self",), no_key=True):
                rotate_secret(endpoint, database_now())
                self.log_change(request, endpoint, "Rotated the secret.")
        self.message_user(request, "Rotated. The new secret is on the endpoint's page.", messages.SUCCESS)

    @admin.display(description="state")
    def shown_state(self, endpoint: EventEndpoint) -> str:
        return endpoint.state

    @admin.display(description="names of headers")
    def header_names(self, endpoint: EventEndpoint) -> str:
        return ", ".join(sorted(endpoint.headers)) or "-"

    @admin.display(description="secret")
    def secret(self, endpoint: EventEndpoint) -> str:
        """Return the secret, for those who may change it anyway."""
        if isinstance(endpoint.secrets, UnreadableCredentials):
            return "It cannot be read: rotate it."
        return str(endpoint.secrets.get("current", "None: this subscription gave no sharedKey, so nothing is signed."))

    @admin.display(description="deliveries")
    def last_deliveries(self, endpoint: EventEndpoint) -> str:
        url = reverse("admin:distributor_eventdelivery_changelist")
        return format_html('<a href="{}?endpoint__id__exact={}">See what was sent to it</a>', url, endpoint.pk)


@admin.register(EventDelivery)
class EventDeliveryAdmin(ReadOnlyAdmin[EventDelivery]):
    organization_path = "endpoint__organization"
    list_display = (
        "message_id",
        "endpoint",
        "shown_types",
        "state",
        "tries",
        "status",
        "error",
        "duration_ms",
        "tried_at",
    )
    list_select_related = ("endpoint",)
    list_filter = ("endpoint", "state")
    exclude = ("bundle_ids", "places", "contact_ids")
    actions = ("send_again",)

    def permission_to(self, deed: str) -> str:
        """Sending again is part of managing the endpoint."""
        return "distributor.change_eventendpoint" if deed == "redeliver" else super().permission_to(deed)

    def has_redeliver_permission(self, request: HttpRequest) -> bool:
        return self.is_permitted(request, "redeliver")

    @admin.action(description="Send the selected deliveries again", permissions=["redeliver"])
    def send_again(self, request: HttpRequest, deliveries: QuerySet[EventDelivery]) -> None:
        for delivery in deliveries.order_by("pk"):
            redeliver(delivery, database_now())
            self.log_change(request, delivery, "Sent again.")
        self.message_user(request, "Workers send them now, or when their endpoint is switched on.", messages.SUCCESS)

    @admin.display(description="types")
    def shown_types(self, delivery: EventDelivery) -> str:
        return ", ".join(delivery.types)
