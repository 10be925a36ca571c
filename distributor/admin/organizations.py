"""Organisations, the tenants of this installation."""

from django.contrib import admin
from django.http import HttpRequest

from contacts.models import Organization
from distributor.admin.support.base import BaseAdmin


@admin.register(Organization)
class OrganizationAdmin(BaseAdmin[Organization]):
    organization_path = "pk"
    list_display = ("name", "slug", "time_zone", "phone_region", "minimum_days_between_contacts", "created_at")
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}
    readonly_fields = ("created_at",)
    add_only_fields = ()

    def has_delete_permission(self, request: HttpRequest, obj: Organization | None = None) -> bool:
        """Never: all its data would be deleted with it."""
        return False
