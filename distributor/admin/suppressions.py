"""Suppressions: addresses that receive no messages. The admin log records who adds and lifts them."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from contacts.addresses import spell_email
from contacts.channel import Channel
from contacts.models import Organization, Suppression
from contacts.models.suppression import SuppressionReason
from distributor.admin.support.address_validation import shown_address, validated_email, validated_phone
from distributor.admin.support.base import LargeTableAdmin
from distributor.admin.support.search import searched_organizations
from distributor.admin.support.typed_classes import ModelForm
from distributor.rules.consent import LIFTED_BY_THE_PERSON_ONLY


class SuppressionForm(ModelForm[Suppression]):
    def clean(self) -> dict[str, Any]:
        """Normalize the address to the form that sends compare with."""
        cleaned = super().clean() or self.cleaned_data
        address, channel = cleaned.get("address"), cleaned.get("channel")
        organization: Organization | None = cleaned.get("organization")
        if not (address and channel and organization):
            return cleaned
        try:
            if channel == Channel.EMAIL:
                cleaned["address"] = validated_email(address).lower()
            else:
                cleaned["address"] = validated_phone(address, organization.phone_region)
        except ValidationError as error:
            raise ValidationError({"address": error}) from error
        # Operators add manual suppressions. The address may also be suppressed for other reasons, lifted separately.
        if Suppression.objects.filter(
            organization=organization, channel=channel, address=cleaned["address"], reason=SuppressionReason.MANUAL
        ).exists():
            raise ValidationError("An operator has already suppressed this address.")
        return cleaned


@admin.register(Suppression)
class SuppressionAdmin(LargeTableAdmin[Suppression]):
    form = SuppressionForm
    list_display = ("written_address", "channel", "reason", "source", "organization", "created_at")
    list_select_related = ("organization",)
    search_fields = ("address",)
    search_help_text = "Enter a complete e-mail address, or a phone number such as +48601234567."
    autocomplete_fields = ("organization",)

    @admin.display(description="address")
    def written_address(self, suppression: Suppression) -> str:
        return shown_address(suppression.address)

    def get_fields(self, request: HttpRequest, obj: Suppression | None = None) -> Any:
        editable = ("organization", "channel", "address")
        return editable if obj is None else (*editable, "reason", "source", "created_at")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Suppression], search_term: str
    ) -> tuple[QuerySet[Suppression], bool]:
        """Find by the unique index, by listing every value of its leading columns."""
        address = spell_email(search_term).lower()
        if not address:
            return queryset, False
        organizations = searched_organizations(request)
        found = queryset.filter(organization_id__in=organizations, channel__in=Channel.values, address=address)
        return found, False

    def has_change_permission(self, request: HttpRequest, obj: Suppression | None = None) -> bool:
        """Never: add another suppression for another address."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Suppression | None = None) -> bool:
        """Allow lifting anything but a STOP or a complaint: only the person lifts those."""
        is_liftable = obj is None or obj.reason not in LIFTED_BY_THE_PERSON_ONLY
        return super().has_delete_permission(request, obj) and is_liftable

    def save_model(self, request: HttpRequest, obj: Suppression, form: Any, change: bool) -> None:
        obj.reason = SuppressionReason.MANUAL
        obj.source = f"operator {request.user.get_username()}"
        super().save_model(request, obj, form, change)
