"""Base classes of the admin pages."""

from datetime import datetime
from typing import Any, ClassVar, TypedDict, TypeVar

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db import models
from django.http import HttpRequest, HttpResponse

from distributor.admin.support.audit import remember_changes
from distributor.admin.support.json_field import JsonObjectField
from distributor.admin.support.narrowing import NarrowedAdmin
from distributor.admin.support.pagination import CappedPaginator

ModelT = TypeVar("ModelT", bound=models.Model)


class ReadAt(TypedDict):
    """The annotation `read_at=Now()`: the database's time, read with the rows instead of once for each."""

    read_at: datetime


class BaseAdmin(NarrowedAdmin[ModelT]):
    """Rows are changed and deleted one at a time, each change is logged, and rows in use cannot be deleted."""

    # Read-only once the row exists: a row never moves to another organisation, an account never changes its kind.
    add_only_fields: ClassVar[tuple[str, ...]] = ("organization",)
    show_facets = admin.ShowFacets.NEVER  # They cost a COUNT for each filter.
    formfield_overrides = {
        models.JSONField: {"form_class": JsonObjectField},
        models.URLField: {"assume_scheme": "https"},
    }

    class Media:
        css = {"all": ("distributor/admin.css",)}

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        remember_changes(self.model, form)
        return super().construct_change_message(request, form, formsets, add)

    def is_used(self, row: ModelT) -> bool:
        """Return whether other rows refer to this one."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ModelT | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or not self.is_used(obj))

    def get_readonly_fields(self, request: HttpRequest, obj: ModelT | None = None) -> Any:
        fields = tuple(super().get_readonly_fields(request, obj))
        return fields if obj is None else fields + self.add_only_fields

    def get_actions(self, request: HttpRequest) -> Any:
        """Remove Django's bulk deletion, which does not ask for permission row by row."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions


class NewestFirst(ChangeList):
    """A list that is always sorted by key. Django would sort by any column given in the URL, even if not sortable."""

    def get_ordering(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> list[Any]:
        return ["-pk"]


class LargeTableAdmin(BaseAdmin[ModelT]):
    """For tables with millions of rows: newest first, with a capped count, and no sorting by other columns."""

    ordering = ("-pk",)
    paginator = CappedPaginator
    show_full_result_count = False
    sortable_by: ClassVar[Any] = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return NewestFirst

    def response_action(
        self, request: HttpRequest, queryset: models.QuerySet[ModelT], *args: Any, **kwargs: Any
    ) -> HttpResponse | None:
        """Run an action on the selected rows, never on all rows of the list."""
        if request.POST.get("select_across", "0") != "0":
            self.message_user(request, "Select the rows to change.", messages.ERROR)
            return None
        return super().response_action(request, queryset, *args, **kwargs)


class ReadOnlyAdmin(LargeTableAdmin[ModelT]):
    """For tables that only the engine writes."""

    add_only_fields = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: ModelT | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ModelT | None = None) -> bool:
        return False
