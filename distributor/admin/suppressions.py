"""Suppressions: addresses that are never written to. Adding and lifting one is in the log of the admin."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from contacts.addresses import is_email, normalize_phone
from contacts.channel import Channel
from contacts.models import Organization, Suppression
from contacts.models.suppression import SuppressionReason
from distributor.admin.generic import ModelForm
from distributor.admin.room import LargeRoom


class SuppressionForm(ModelForm[Suppression]):
    def clean(self) -> dict[str, Any]:
        """The address in the one spelling that sends compare with."""
        entered = super().clean() or self.cleaned_data
        address, channel = entered.get("address"), entered.get("channel")
        organization: Organization | None = entered.get("organization")
        if not (address and channel and organization):
            return entered
        if channel == Channel.EMAIL:
            if not is_email(address):
                raise ValidationError({"address": "Enter an e-mail address, in ASCII."})
            entered["address"] = address.lower()
        else:
            phone = normalize_phone(address, organization.phone_region)
            if phone is None:
                raise ValidationError({"address": "Enter a phone number with “+” and a country code."})
            entered["address"] = phone
        # What an operator adds is manual; other reasons stand beside it and are lifted on their own.
        if Suppression.objects.filter(
            organization=organization, channel=channel, address=entered["address"], reason=SuppressionReason.MANUAL
        ).exists():
            raise ValidationError("An operator has suppressed this address already.")
        return entered


@admin.register(Suppression)
class SuppressionRoom(LargeRoom[Suppression]):
    form = SuppressionForm
    list_display = ("address", "channel", "reason", "source", "organization", "created_at")
    list_select_related = ("organization",)
    search_fields = ("address",)
    search_help_text = "An e-mail address, or a phone number as +48601234567, written out in full."
    autocomplete_fields = ("organization",)

    def get_fields(self, request: HttpRequest, obj: Suppression | None = None) -> Any:
        entered = ("organization", "channel", "address")
        return entered if obj is None else (*entered, "reason", "source", "created_at")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Suppression], search_term: str
    ) -> tuple[QuerySet[Suppression], bool]:
        """Along the unique index, whose first columns are named in full."""
        address = search_term.strip().lower()
        if not address:
            return queryset, False
        organization_ids = list(Organization.objects.values_list("pk", flat=True))
        found = queryset.filter(organization_id__in=organization_ids, channel__in=Channel.values, address=address)
        return found, False

    def has_change_permission(self, request: HttpRequest, obj: Suppression | None = None) -> bool:
        """Never: another address is another suppression."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Suppression | None = None) -> bool:
        """All but a STOP: the carrier goes on refusing until the person texts START, which lifts it."""
        return super().has_delete_permission(request, obj) and (obj is None or obj.reason != SuppressionReason.STOP)

    def save_model(self, request: HttpRequest, obj: Suppression, form: Any, change: bool) -> None:
        obj.reason = SuppressionReason.MANUAL
        obj.source = f"operator {request.user.get_username()}"
        super().save_model(request, obj, form, change)
