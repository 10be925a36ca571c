"""URLs of the editor of templates."""

from django.urls import path

from distributor.control_room.templates_editor.catalogue import show_templates
from distributor.control_room.templates_editor.editor import edit_template
from distributor.control_room.templates_editor.preview import show_preview
from distributor.control_room.templates_editor.versions import show_version, show_versions

urlpatterns = [
    path("templates/", show_templates, name="room-templates"),
    path("templates/<uuid:template_id>/", edit_template, name="room-template"),
    path("templates/<uuid:template_id>/preview/", show_preview, name="room-template-preview"),
    path("templates/<uuid:template_id>/versions/", show_versions, name="room-template-versions"),
    path("templates/<uuid:template_id>/versions/<int:number>/", show_version, name="room-template-version"),
]
