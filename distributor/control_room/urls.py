"""URLs of the control room, below `/admin/` and before the admin's own."""

from django.contrib import admin
from django.urls import include, path

from distributor.control_room.home.actions import act_on_account
from distributor.control_room.home.first_visit import send_sample
from distributor.control_room.home.view import show_home
from distributor.control_room.layout.organization_switch import choose_organization
from distributor.control_room.search.view import show_results

urlpatterns = [
    path("", show_home, name="room-home"),
    path("search/", show_results, name="room-search"),
    path("organization/", choose_organization, name="room-organization"),
    path("sample/", send_sample, name="room-sample"),
    path("accounts/<uuid:account_id>/<slug:act>/", act_on_account, name="room-account-act"),
    # What Django's admin shows first: every table, and what the user did lately.
    path("tables/", admin.site.admin_view(admin.site.index), name="room-tables"),
    path("", include("distributor.control_room.sends.urls")),
    path("", include("distributor.control_room.imports.urls")),
    path("", include("distributor.control_room.distribution.urls")),
    path("", include("distributor.control_room.recipient.urls")),
    path("", include("distributor.control_room.templates_editor.urls")),
    path("", include("distributor.control_room.branding.urls")),
    path("", include("distributor.control_room.exports.urls")),
]
