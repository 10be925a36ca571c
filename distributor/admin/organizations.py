"""Organisations: the tenants."""

from django.contrib import admin
from django.http import HttpRequest

from contacts.models import Organization
from distributor.admin.room import Room


@admin.register(Organization)
class OrganizationRoom(Room[Organization]):
    list_display = ("name", "slug", "time_zone", "phone_region", "minimum_days_between_contacts", "created_at")
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}
    readonly_fields = ("created_at",)
    lasting_fields = ()

    def has_delete_permission(self, request: HttpRequest, obj: Organization | None = None) -> bool:
        """Never: everything belongs to an organisation, and everything would go with it."""
        return False
