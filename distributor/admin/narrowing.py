"""Lists that a link narrowed to what belongs to one row: what it is, and the way back to all."""

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
from distributor.models import Distribution, Survey


class Narrowed(admin.SimpleListFilter):
    """Appears only in a list that is narrowed already: a choice of millions is no choice."""

    title: Any
    parameter_name: str
    model: ClassVar[type[Model]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        chosen = self.value()
        if not chosen:
            return []
        try:
            row = self.model._default_manager.filter(pk=chosen).first()
        except (ValidationError, ValueError) as error:
            raise IncorrectLookupParameters(error) from error
        return [(chosen, str(row or chosen))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        return queryset.filter(**{self.parameter_name: chosen}) if chosen else queryset


class OfSurvey(Narrowed):
    title, parameter_name, model = "survey", "survey", Survey


class OfMailingList(Narrowed):
    title, parameter_name, model = "mailing list", "mailing_list", MailingList


class OfDistribution(Narrowed):
    title, parameter_name, model = "distribution", "distribution", Distribution


class OfContact(Narrowed):
    title, parameter_name, model = "contact", "contact", Contact


def list_url(model: type[Model], **narrowed_to: object) -> str:
    """The address of a room's list, narrowed."""
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{address}?{urlencode(narrowed_to)}"
