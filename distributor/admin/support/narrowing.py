"""Each user sees and changes only rows of their own organisations, as their role there permits.

The role table is contacts/operators/roles.py. Everything that Django's admin shows or changes comes through the methods
here: lists, pages, histories, searches and autocompletion read `get_queryset`; forms, inlines and filters read the
choices; actions get only rows that they are permitted for.
"""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from django.contrib import admin
from django.contrib.admin.exceptions import NotRegistered
from django.contrib.auth import get_permission_codename
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest

from contacts.operators.access import access_of
from distributor.admin.support.typed_classes import ModelAdmin, StackedInline

ModelT = TypeVar("ModelT", bound=models.Model)
ParentT = TypeVar("ParentT", bound=models.Model)
Action = Callable[[Any, HttpRequest, models.QuerySet[Any]], Any]

if TYPE_CHECKING:
    Choosing = admin.options.BaseModelAdmin[Any]
else:
    Choosing = object


def visible_rows(site: admin.AdminSite, request: HttpRequest, rows: models.QuerySet[ModelT]) -> models.QuerySet[ModelT]:
    """Return those of the rows that the user may see. Rows whose model has no narrowed page are for superusers."""
    try:
        page = site.get_model_admin(rows.model)
    except NotRegistered:
        page = None
    if isinstance(page, NarrowedAdmin):
        return page.narrow(request, rows, "view")
    return rows if request.user.is_superuser else rows.none()


class NarrowedChoices(Choosing):
    """Offers, and accepts, only related rows that the user may see."""

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        rows = db_field.remote_field.model._default_manager.all()
        kwargs["queryset"] = self.choices_of(db_field, visible_rows(self.admin_site, request, rows), request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def choices_of(self, db_field: Any, rows: models.QuerySet[Any], request: HttpRequest) -> models.QuerySet[Any]:
        return rows


class NarrowedAdmin(NarrowedChoices, ModelAdmin[ModelT]):
    """`organization_path` leads from a row to its organisation, such as `survey__organization`."""

    organization_path: ClassVar[str] = "organization"

    def permission_to(self, deed: str) -> str:
        """Return the permission for `view`, `add`, `change`, `delete` or another deed that the role table names."""
        return f"{self.opts.app_label}.{get_permission_codename(deed, self.opts)}"

    def narrow(self, request: HttpRequest, rows: models.QuerySet[ModelT], deed: str) -> models.QuerySet[ModelT]:
        """Return those of the rows to which the user may do this."""
        return access_of(request.user).narrow(rows, self.permission_to(deed), self.organization_path)

    def organization_of(self, row: ModelT) -> Any:
        """Return the id of a row's organisation."""
        *relations, last = self.organization_path.split("__")
        for relation in relations:
            row = getattr(row, relation)
        return row.pk if last == "pk" else getattr(row, f"{last}_id")

    def is_permitted(self, request: HttpRequest, deed: str, row: ModelT | None = None) -> bool:
        """Whether the user may do this to the row. None: to any row at all."""
        organization = None if row is None or row._state.adding else self.organization_of(row)
        return access_of(request.user).allows(self.permission_to(deed), organization)

    def get_queryset(self, request: HttpRequest) -> Any:
        return self.narrow(request, super().get_queryset(request), "view")

    def has_view_permission(self, request: HttpRequest, obj: ModelT | None = None) -> bool:
        return self.is_permitted(request, "view", obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.is_permitted(request, "add")

    def has_change_permission(self, request: HttpRequest, obj: ModelT | None = None) -> bool:
        return self.is_permitted(request, "change", obj)

    def has_delete_permission(self, request: HttpRequest, obj: ModelT | None = None) -> bool:
        return self.is_permitted(request, "delete", obj)

    def choices_of(self, db_field: Any, rows: models.QuerySet[Any], request: HttpRequest) -> models.QuerySet[Any]:
        """Offer a new row only owners whose organisation permits adding it."""
        owner, _, rest = self.organization_path.partition("__")
        if db_field.name != owner:
            return rows
        return access_of(request.user).narrow(rows, self.permission_to("add"), rest or "pk")

    def save_form(self, request: Any, form: Any, change: bool) -> Any:
        """Refuse a row of another organisation once more, however the form came to accept it."""
        row = super().save_form(request, form, change)
        organization = self.organization_of(row)
        if not access_of(request.user).allows(self.permission_to("change" if change else "add"), organization):
            raise PermissionDenied
        return row

    def get_actions(self, request: HttpRequest) -> Any:
        """Give each action only the selected rows whose organisation permits it."""
        found: Any = super().get_actions(request)
        return {name: (_narrowed(action), name, description) for name, (action, _, description) in found.items()}


def _narrowed(action: Any) -> Action:
    deeds = getattr(action, "allowed_permissions", ())

    @wraps(action)
    def run(page: NarrowedAdmin[Any], request: HttpRequest, selected: models.QuerySet[Any]) -> Any:
        for deed in deeds:
            selected = page.narrow(request, selected, deed)
        return action(page, request, selected)

    return run


class NarrowedInline(NarrowedChoices, StackedInline[ModelT, ParentT]):
    """Rows that are part of another one: whoever may change that may change them."""

    def _page(self) -> Any:
        return self.admin_site.get_model_admin(self.parent_model)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed: bool = self._page().has_view_permission(request, obj)
        return allowed

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        page = self._page()
        allowed: bool = (
            page.has_change_permission(request, obj) if obj is not None else page.has_add_permission(request)
        )
        return allowed

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_add_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_add_permission(request, obj)


class VisibleRowsFilter(admin.RelatedFieldListFilter):
    """A list filter by a related row, offering only rows that the user may see."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        model = field.remote_field.model
        rows = visible_rows(model_admin.admin_site, request, model._default_manager.all())
        ordering = self.field_admin_ordering(field, request, model_admin)
        return field.get_choices(include_blank=False, ordering=ordering, limit_choices_to={"pk__in": rows})


admin.FieldListFilter.register(lambda field: bool(field.remote_field), VisibleRowsFilter, take_priority=True)
