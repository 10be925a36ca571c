"""URLs of exports, below `/admin/`."""

from django.urls import path

from distributor.control_room.exports.new import make_export
from distributor.control_room.exports.pages import delete, download, show_export, show_exports

urlpatterns = [
    path("exports/", show_exports, name="room-exports"),
    path("exports/new/", make_export, name="room-export-new"),
    path("exports/<uuid:export_id>/", show_export, name="room-export"),
    path("exports/<uuid:export_id>/file/", download, name="room-export-file"),
    path("exports/<uuid:export_id>/delete/", delete, name="room-export-delete"),
]
