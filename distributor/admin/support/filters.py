"""Filters by one related row, set by a link. The sidebar shows the row and a link back to the full list."""

from collections.abc import Iterable
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse

from contacts.models import Contact, MailingList
from distributor.admin.support.narrowing import visible_rows
from distributor.models import Distribution, Survey


class RelatedRowFilter(admin.SimpleListFilter):
    """Shown only when a link has set it: there are too many rows to offer as choices."""

    title: Any
    parameter_name: str
    model: ClassVar[type[Model]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        row_id = self.value()
        if not row_id:
            return []
        try:
            rows = visible_rows(model_admin.admin_site, request, self.model._default_manager.filter(pk=row_id))
            row = rows.first()
        except (ValidationError, ValueError) as error:
            raise IncorrectLookupParameters(error) from error
        return [(row_id, str(row or row_id))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        row_id = self.value()
        return queryset.filter(**{self.parameter_name: row_id}) if row_id else queryset


class SurveyFilter(RelatedRowFilter):
    title, parameter_name, model = "survey", "survey", Survey


class MailingListFilter(RelatedRowFilter):
    title, parameter_name, model = "mailing list", "mailing_list", MailingList


class DistributionFilter(RelatedRowFilter):
    title, parameter_name, model = "distribution", "distribution", Distribution


class ContactFilter(RelatedRowFilter):
    title, parameter_name, model = "contact", "contact", Contact


def list_url(model: type[Model], **filters: object) -> str:
    """Return the URL of a model's list with these filters set."""
    path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{path}?{urlencode(filters)}"
