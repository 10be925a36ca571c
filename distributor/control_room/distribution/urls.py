"""URLs of a distribution's pages, below `/admin/`. The first stands before the admin's form of the same address."""

from django.urls import path

from distributor.control_room.distribution.actions import retry, switch
from distributor.control_room.distribution.changes import add_step_page, cancel_page, clone_page, reschedule_page
from distributor.control_room.distribution.page import show_distribution

_ROW = "distributor/distribution/<uuid:object_id>"

urlpatterns = [
    path(f"{_ROW}/change/", show_distribution, name="room-distribution"),
    path(f"{_ROW}/pause/", switch, {"act": "pause"}, name="room-distribution-pause"),
    path(f"{_ROW}/resume/", switch, {"act": "resume"}, name="room-distribution-resume"),
    path(f"{_ROW}/retry/", retry, name="room-distribution-retry"),
    path(f"{_ROW}/reschedule/", reschedule_page, name="room-distribution-reschedule"),
    path(f"{_ROW}/clone/", clone_page, name="room-distribution-clone"),
    path(f"{_ROW}/add-step/", add_step_page, name="room-distribution-add-step"),
    path(f"{_ROW}/cancel/", cancel_page, name="room-distribution-cancel"),
]
