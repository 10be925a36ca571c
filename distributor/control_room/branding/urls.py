"""URLs of branding and of surveys' texts."""

from django.urls import path

from distributor.control_room.branding.survey_texts import edit_survey_texts, preview_survey
from distributor.control_room.branding.view import edit_branding, show_brandings

urlpatterns = [
    path("branding/", show_brandings, name="room-brandings"),
    path("branding/<uuid:organization_id>/", edit_branding, name="room-branding"),
    path("surveys/<uuid:survey_id>/texts/", edit_survey_texts, name="room-survey-texts"),
    path("surveys/<uuid:survey_id>/texts/preview/", preview_survey, name="room-survey-preview"),
]
