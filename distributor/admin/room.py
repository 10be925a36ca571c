"""What all rooms have in common."""

from datetime import datetime
from typing import Any, ClassVar, TypedDict, TypeVar

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db import models
from django.http import HttpRequest, HttpResponse

from distributor.admin.generic import ModelAdmin
from distributor.admin.json_object import JsonObjectField
from distributor.admin.paging import CappedPaginator

ModelT = TypeVar("ModelT", bound=models.Model)


class ReadAt(TypedDict):
    """What `annotate(read_at=Now())` adds to rows: the clock of record, asked with them and not for each."""

    read_at: datetime


class Room(ModelAdmin[ModelT]):
    """A table whose every change is logged, one row at a time, and whose rows go only while nothing uses them."""

    # Said once, when a row is added: a row never moves to another organisation, nor an account to another kind.
    lasting_fields: ClassVar[tuple[str, ...]] = ("organization",)
    show_facets = admin.ShowFacets.NEVER  # a COUNT per filter
    formfield_overrides = {
        models.JSONField: {"form_class": JsonObjectField},
        models.URLField: {"assume_scheme": "https"},
    }

    class Media:
        css = {"all": ("distributor/admin.css",)}

    def is_used(self, row: ModelT) -> bool:
        """Whether deleting the row would take something else with it, or leave it hanging."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ModelT | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or not self.is_used(obj))

    def get_readonly_fields(self, request: HttpRequest, obj: ModelT | None = None) -> Any:
        fields = tuple(super().get_readonly_fields(request, obj))
        return fields if obj is None else fields + self.lasting_fields

    def get_actions(self, request: HttpRequest) -> Any:
        """Without Django's bulk deletion, which does not ask about each row."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions


class NewestFirst(ChangeList):
    """A list in one order. Django sorts by any column that an address asks for, sortable or not."""

    def get_ordering(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> list[Any]:
        return ["-pk"]


class LargeRoom(Room[ModelT]):
    """A table of millions: newest first by key, no counting to the end, no sorting by what has no index."""

    paginator = CappedPaginator
    show_full_result_count = False
    sortable_by: ClassVar[Any] = ()
    actions_selection_counter = False  # its “select all” would mean millions

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return NewestFirst

    def response_action(
        self, request: HttpRequest, queryset: models.QuerySet[ModelT], *args: Any, **kwargs: Any
    ) -> HttpResponse | None:
        """Acts on the rows that are ticked, never on all that a list could show."""
        if request.POST.get("select_across", "0") != "0":
            self.message_user(request, "Tick the rows that you mean.", messages.ERROR)
            return None
        return super().response_action(request, queryset, *args, **kwargs)


class ReadingRoom(LargeRoom[ModelT]):
    """A table that only the engine writes."""

    lasting_fields = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: ModelT | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ModelT | None = None) -> bool:
        return False
