"""Replies to text messages that ask for nothing we understand, for operators to read."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from channels.models import ProviderAccount
from contacts.models import Contact, Organization
from contacts.operators.access import access_of
from contacts.phone_numbers import normalize_phone
from distributor.admin.support.base import NewestFirst, ReadOnlyAdmin
from distributor.admin.support.narrowing import visible_rows
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.reports.replies import sources_of
from distributor.models import Distribution, Reply


class OrganizationFilter(admin.SimpleListFilter):
    title, parameter_name = "organisation", "organization"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        shown = visible_rows(model_admin.admin_site, request, Organization.objects.all())
        return [(str(pk), name) for pk, name in shown.values_list("pk", "name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Reply]) -> QuerySet[Reply]:
        if not self.value():
            return queryset
        try:
            organization_id = UUID(self.value())
        except ValueError as error:
            raise IncorrectLookupParameters(error) from error
        return _to_accounts_of(queryset, [organization_id])


def _to_accounts_of(replies: QuerySet[Reply], organizations: Sequence[UUID]) -> QuerySet[Reply]:
    """Return the replies to these organisations' accounts. A list, not a subquery: one index probe per account."""
    accounts = ProviderAccount.objects.filter(organization__in=organizations)
    return replies.filter(provider_account_id__in=list(accounts.values_list("pk", flat=True)))


class ReceivedFilter(admin.SimpleListFilter):
    title, parameter_name = "date", "received"
    days = {"1": "Past 24 hours", "7": "Past 7 days", "30": "Past 30 days"}

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return self.days.items()

    def queryset(self, request: HttpRequest, queryset: QuerySet[Reply]) -> QuerySet[Reply]:
        if self.value() not in self.days:
            return queryset
        return queryset.filter(received_at__gte=database_now() - timedelta(days=int(cast(str, self.value()))))


class ReplyList(NewestFirst):
    def get_results(self, request: HttpRequest) -> None:
        """Read where the page's replies come from, all at once."""
        super().get_results(request)
        attach_sources(list(self.result_list))


def attach_sources(replies: Sequence[Reply]) -> None:
    """Give each reply its `organization`, `contact` and `distribution`; None where there is none."""
    sources = sources_of(replies)
    organizations = Organization.objects.in_bulk({source.organization_id for source in sources.values()})
    contacts = Contact.objects.in_bulk({source.contact_id for source in sources.values() if source.contact_id})
    distributions = Distribution.objects.in_bulk(
        {source.distribution_id for source in sources.values() if source.distribution_id}
    )
    for reply in replies:
        source = sources.get(reply.pk)
        rows: Mapping[str, Model | None] = {
            "organization": organizations.get(source.organization_id) if source else None,
            "contact": contacts.get(source.contact_id) if source and source.contact_id else None,
            "distribution": distributions.get(source.distribution_id) if source and source.distribution_id else None,
        }
        for name, row in rows.items():
            setattr(reply, name, row)


@admin.register(Reply)
class ReplyAdmin(ReadOnlyAdmin[Reply]):
    list_display = ("received_at", "address", "text", "contact", "distribution", "organization")
    list_filter = (OrganizationFilter, ReceivedFilter)
    search_fields = ("address",)
    search_help_text = "Enter the complete phone number that the reply came from, such as +48601234567."
    fields = ("received_at", "address", "detail", "contact", "distribution", "organization", "raw")

    def narrow(self, request: HttpRequest, rows: QuerySet[Reply], deed: str) -> QuerySet[Reply]:
        organizations = access_of(request.user).organizations(self.permission_to(deed))
        return rows if organizations is None else _to_accounts_of(rows, organizations)

    def organization_of(self, row: Reply) -> UUID | None:
        accounts = ProviderAccount.objects.filter(pk=row.provider_account_id)
        return accounts.values_list("organization_id", flat=True).first()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ReplyList]:
        return ReplyList

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Reply | None:
        reply = super().get_object(request, object_id, from_field)
        if reply is not None:
            attach_sources([reply])
        return reply

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Reply], search_term: str
    ) -> tuple[QuerySet[Reply], bool]:
        term = search_term.strip()
        return (queryset.filter(address=normalize_phone(term) or term) if term else queryset), False

    @admin.display(description="text")
    def text(self, reply: Reply) -> str:
        return reply.detail if len(reply.detail) <= 160 else f"{reply.detail[:159]}…"

    @admin.display(description="contact", empty_value="unknown number")
    def contact(self, reply: Reply) -> SafeString | None:
        return _link(reply, "contact")

    @admin.display(description="distribution")
    def distribution(self, reply: Reply) -> SafeString | None:
        return _link(reply, "distribution")

    @admin.display(description="organisation")
    def organization(self, reply: Reply) -> SafeString | None:
        return _link(reply, "organization")


def _link(reply: Reply, name: str) -> SafeString | None:
    row: Model | None = getattr(reply, name)
    if row is None:
        return None
    page = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    return format_html('<a href="{}">{}</a>', reverse(page, args=[row.pk]), row)
