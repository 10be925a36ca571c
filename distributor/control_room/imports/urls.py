"""URLs of imports, below `/admin/`."""

from django.urls import path

from distributor.control_room.imports.pages import (
    act_on_import,
    download_errors,
    map_import,
    show_import,
    show_imports,
    upload_import,
)

urlpatterns = [
    path("imports/", show_imports, name="room-imports"),
    path("imports/new/", upload_import, name="room-import-new"),
    path("imports/<uuid:import_id>/", show_import, name="room-import"),
    path("imports/<uuid:import_id>/map/", map_import, name="room-import-map"),
    path("imports/<uuid:import_id>/run/", act_on_import, {"act": "run"}, name="room-import-run"),
    path("imports/<uuid:import_id>/cancel/", act_on_import, {"act": "cancel"}, name="room-import-cancel"),
    path("imports/<uuid:import_id>/errors.csv", download_errors, name="room-import-errors"),
]
