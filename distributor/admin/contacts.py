"""Contacts: found by exactly what is known of them, opted out and in again."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from contacts.addresses import is_email, normalize_phone
from contacts.models import Contact, Organization
from distributor.admin.finding import find_contacts
from distributor.admin.generic import ModelForm
from distributor.admin.narrowing import list_url
from distributor.admin.room import LargeRoom
from distributor.engine.consent.opt_out import lift_opt_out, opt_out
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Recipient


class ContactForm(ModelForm[Contact]):
    """Takes what the API would take, in the same spelling."""

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if email and not is_email(email):
            raise ValidationError("Enter an e-mail address, in ASCII.")
        return email

    def clean_phone(self) -> str:
        entered: str = self.cleaned_data["phone"]
        if not entered:
            return ""
        organization: Organization | None = self.cleaned_data.get("organization") or getattr(
            self.instance, "organization", None
        )
        phone = normalize_phone(entered, organization.phone_region if organization else "")
        if phone is None:
            raise ValidationError("Enter a phone number with “+” and a country code.")
        return phone


@admin.register(Contact)
class ContactRoom(LargeRoom[Contact]):
    form = ContactForm
    list_display = ("__str__", "full_name", "email", "phone", "organization", "opted_out_at")
    list_select_related = ("organization",)
    search_fields = ("external_id", "email", "phone")
    search_help_text = "An external id, an e-mail address, a phone number or a contact's id, written out in full."
    autocomplete_fields = ("organization",)
    readonly_fields = ("journeys", "opted_out_at", "created_at", "updated_at")
    actions = ("opt_out", "lift_opt_out")
    fieldsets = (
        (None, {"fields": ("organization", "external_id", "email", "phone", "first_name", "last_name", "title")}),
        ("How to write to it", {"fields": ("locale", "time_zone", "embedded_data")}),
        (
            "What happened",
            {
                "fields": ("journeys", "opted_out_at", "created_at", "updated_at"),
                "description": "Opting out, and lifting an opt-out, are actions of the list.",
            },
        ),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Contact], search_term: str
    ) -> tuple[QuerySet[Contact], bool]:
        term = search_term.strip()
        return (queryset.filter(pk__in=find_contacts(term)) if term else queryset), False

    def has_delete_permission(self, request: HttpRequest, obj: Contact | None = None) -> bool:
        """Never: the journeys would go with it, and a distribution's counts would no longer be those of its rows."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Contact | None = None) -> bool:
        """Nobody is behind an erased contact, nor ever again."""
        return super().has_change_permission(request, obj) and (obj is None or obj.erased_at is None)

    def save_model(self, request: HttpRequest, obj: Contact, form: Any, change: bool) -> None:
        """Only what was edited is written: an opt-out that arrives meanwhile is not undone."""
        obj.save(update_fields=[*form.changed_data, "updated_at"] if change else None)

    @admin.display(description="journeys")
    def journeys(self, contact: Contact) -> SafeString | str:
        if contact._state.adding:
            return "-"
        return format_html('<a href="{}">what it was sent</a>', list_url(Recipient, contact=contact.pk))

    @admin.action(description="Opt out: send no more, on any channel", permissions=["change"])
    def opt_out(self, request: HttpRequest, queryset: QuerySet[Contact]) -> None:
        now = database_now()
        self._for_each(request, queryset, lambda contact_id: opt_out(contact_id, now), "Opted out.")

    @admin.action(description="Lift the opt-out: the person wants surveys again", permissions=["change"])
    def lift_opt_out(self, request: HttpRequest, queryset: QuerySet[Contact]) -> None:
        self._for_each(request, queryset, lift_opt_out, "Opt-out lifted.")

    def _for_each(
        self, request: HttpRequest, contacts: QuerySet[Contact], do: Callable[[UUID], bool], done: str
    ) -> None:
        """One transaction a contact, in the order of their ids."""
        changed = [contact for contact in contacts.order_by("pk") if do(contact.pk)]
        for contact in changed:
            self.log_change(request, contact, done)
        self.message_user(request, f"{done} Contacts: {len(changed)}.", messages.SUCCESS)
