"""Contacts: search by exact values, opt out, lift an opt-out."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from contacts.addresses import strip_unseen
from contacts.channel import Channel
from contacts.models import Contact, Organization, Suppression
from distributor.admin.support.address_validation import shown_address, validated_email, validated_phone
from distributor.admin.support.base import LargeTableAdmin
from distributor.admin.support.contact_export import answer_export
from distributor.admin.support.erasure import erase_in_admin
from distributor.admin.support.filters import list_url
from distributor.admin.support.search import find_contacts, searched_organizations
from distributor.admin.support.typed_classes import ModelForm
from distributor.engine.consent.opt_out import lift_opt_out, opt_out
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.reports.journeys import read_journeys
from distributor.models import Recipient


class ContactForm(ModelForm[Contact]):
    """Accepts the values that the API accepts, and stores them in the same form."""

    def _get_validation_exclusions(self) -> set[str]:
        """Compare with the organisation's other contacts, although the form of a stored contact does not show it."""
        exclusions: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return exclusions - {"organization"}

    def clean_external_id(self) -> str | None:
        entered: str | None = self.cleaned_data["external_id"]
        return strip_unseen(entered or "") or None

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        return validated_email(email) if email else ""

    def clean_phone(self) -> str:
        entered: str = self.cleaned_data["phone"]
        if not entered:
            return ""
        organization: Organization | None = self.cleaned_data.get("organization") or getattr(
            self.instance, "organization", None
        )
        return validated_phone(entered, organization.phone_region if organization else "")


@admin.register(Contact)
class ContactAdmin(LargeTableAdmin[Contact]):
    form = ContactForm
    list_display = ("__str__", "full_name", "email_address", "phone", "organization", "opted_out_at")
    list_select_related = ("organization",)
    search_fields = ("external_id", "email", "phone")
    search_help_text = "Enter a complete external ID, e-mail address, phone number or contact ID."
    autocomplete_fields = ("organization",)
    readonly_fields = ("email_address", "recipients", "opted_out_at", "created_at", "updated_at")
    actions = ("opt_out", "lift_opt_out", "erase")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "organization",
                    "external_id",
                    "email",
                    "email_address",
                    "phone",
                    "first_name",
                    "last_name",
                    "title",
                )
            },
        ),
        ("Personalization", {"fields": ("locale", "time_zone", "embedded_data")}),
        (
            "History",
            {
                "fields": ("recipients", "opted_out_at", "created_at", "updated_at"),
                "description": "To opt a contact out, or to lift its opt-out, use the actions of the contact list.",
            },
        ),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Contact], search_term: str
    ) -> tuple[QuerySet[Contact], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        return queryset.filter(pk__in=find_contacts(term, searched_organizations(request))), False

    def get_urls(self) -> list[URLPattern]:
        export = path(
            "<path:object_id>/export/", self.admin_site.admin_view(self.export), name="contacts_contact_export"
        )
        return [export, *super().get_urls()]

    def export(self, request: HttpRequest, object_id: str) -> StreamingHttpResponse:
        """Show everything known of a contact to operators who may change it."""
        contact = self.get_object(request, object_id)
        if contact is None:
            raise Http404
        if not self.has_change_permission(request, contact):
            raise PermissionDenied
        self.log_change(request, contact, "Exported.")
        return answer_export(request, contact)

    def has_delete_permission(self, request: HttpRequest, obj: Contact | None = None) -> bool:
        """Never: its recipients would be deleted too, and the counts of their distributions would be wrong."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Contact | None = None) -> bool:
        """Not once the contact is erased: an erased contact stays empty."""
        return super().has_change_permission(request, obj) and (obj is None or obj.erased_at is None)

    def save_model(self, request: HttpRequest, obj: Contact, form: Any, change: bool) -> None:
        """Write only the edited fields, so that an opt-out that arrives meanwhile is kept."""
        obj.save(update_fields=[*form.changed_data, "updated_at"] if change else None)

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Contact | None = None,
    ) -> HttpResponse:
        """Add the heading and the journeys that the page of a recipient has."""
        if obj is not None:
            addresses = [address for address in (obj.email.lower(), obj.phone) if address]
            closed = Suppression.objects.filter(
                organization=obj.organization_id, channel__in=Channel.values, address__in=addresses
            )
            journeys = read_journeys(obj.pk, language=get_language() or "en")
            context |= {"contact": obj, "journeys": journeys, "suppressions": closed if addresses else ()}
        return super().render_change_form(request, context, add, change, form_url, obj)

    @admin.display(description="e-mail address")
    def email_address(self, contact: Contact) -> str:
        return shown_address(contact.email)

    @admin.display(description="recipients")
    def recipients(self, contact: Contact) -> SafeString | str:
        if contact._state.adding:
            return "-"
        return format_html(
            '<a href="{}">View everything sent to this contact</a>', list_url(Recipient, contact=contact.pk)
        )

    @admin.action(description="Opt out: stop all sends, on every channel", permissions=["change"])
    def opt_out(self, request: HttpRequest, queryset: QuerySet[Contact]) -> None:
        now = database_now()
        self._for_each(
            request, queryset, lambda contact_id: opt_out(contact_id, now, source=_source(request)), "Opted out."
        )

    @admin.action(description="Lift the opt-out, because the person asked for it", permissions=["change"])
    def lift_opt_out(self, request: HttpRequest, queryset: QuerySet[Contact]) -> None:
        now, source = database_now(), _source(request)
        self._for_each(
            request,
            queryset,
            lambda contact_id: lift_opt_out(contact_id, now, source=source, is_asked_by_person=True),
            "Opt-out lifted.",
        )

    @admin.action(description="Erase: forget who they are", permissions=["change"])
    def erase(self, request: HttpRequest, queryset: QuerySet[Contact]) -> HttpResponse | None:
        return erase_in_admin(self, request, queryset, self._log_erasure(request))

    def _log_erasure(self, request: HttpRequest) -> Callable[[Contact], None]:
        def log(contact: Contact) -> None:
            self.log_change(request, contact, "Erased.")

        return log

    def _for_each(
        self, request: HttpRequest, contacts: QuerySet[Contact], change: Callable[[UUID], bool], message: str
    ) -> None:
        """Change each contact in its own transaction, in the order of their IDs."""
        changed = [contact for contact in contacts.order_by("pk") if change(contact.pk)]
        for contact in changed:
            self.log_change(request, contact, message)
        self.message_user(request, f"{message} Contacts: {len(changed)}.", messages.SUCCESS)


def _source(request: HttpRequest) -> str:
    """Return how consent records name an operator."""
    return f"operator {request.user.get_username()}"
