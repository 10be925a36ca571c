"""Users of the installation, for superusers only: no role gives a permission for users."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest, HttpResponse
from django_otp.plugins.otp_static import admin as static_pages  # noqa: F401  it registers what is removed below
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp import admin as totp_pages  # noqa: F401  the same
from django_otp.plugins.otp_totp.models import TOTPDevice

from contacts.models import OrganizationMember
from distributor.admin.support.confirmed import ConfirmedAdmin
from distributor.admin.support.typed_classes import TabularInline
from distributor.sign_in.session import ask_password_again, is_confirmed

# Devices are managed by their owners (sign_in/factor_pages.py); their secrets are nobody else's business.
admin.site.unregister([Group, User, StaticDevice, TOTPDevice])


class RoleInline(TabularInline[OrganizationMember, User]):
    model = OrganizationMember
    extra = 0
    autocomplete_fields = ("organization",)


@admin.register(User)
class OperatorAdmin(ConfirmedAdmin, UserAdmin):  # type: ignore[type-arg]
    """Django's page without groups and permissions, which count for nothing here."""

    list_display = ("username", "email", "is_active", "is_superuser", "last_login")
    list_filter = ("is_active", "is_superuser")
    fieldsets = (
        (None, {"fields": ("username", "password", "email", "first_name", "last_name")}),
        (
            "Access",
            {
                "fields": ("is_active", "is_staff", "is_superuser"),
                "description": "Operators are staff with a role in an organisation. Superusers need no role.",
            },
        ),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    filter_horizontal = ()
    inlines = (RoleInline,)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        if self.has_change_permission(request) and not is_confirmed(request):
            return ask_password_again(request)
        return super().user_change_password(request, id, form_url)
