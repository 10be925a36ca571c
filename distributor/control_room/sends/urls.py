"""URLs of making a send, of recurring sends and of lists."""

from django.urls import path

from distributor.control_room.sends.lists import add_to_list, make_list, remove_from_list, show_list, show_lists
from distributor.control_room.sends.recurring import act_on_recurring, run_recurring, show_all_recurring, show_recurring
from distributor.control_room.sends.wizard import make_send

urlpatterns = [
    path("send/", make_send, name="room-send"),
    path("recurring/", show_all_recurring, name="room-recurring"),
    path("recurring/<uuid:recurring_id>/", show_recurring, name="room-recurring-one"),
    path("recurring/<uuid:recurring_id>/run/", run_recurring, name="room-recurring-run"),
    path("recurring/<uuid:recurring_id>/<slug:act>/", act_on_recurring, name="room-recurring-act"),
    path("lists/", show_lists, name="room-lists"),
    path("lists/new/", make_list, name="room-list-new"),
    path("lists/<uuid:list_id>/", show_list, name="room-list"),
    path("lists/<uuid:list_id>/add/", add_to_list, name="room-list-add"),
    path("lists/<uuid:list_id>/remove/", remove_from_list, name="room-list-remove"),
]
