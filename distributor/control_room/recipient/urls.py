"""URLs of a recipient's page, below `/admin/`. The first stands before the admin's form of the same address."""

from django.urls import path

from distributor.control_room.recipient.actions import send_again, suppress
from distributor.control_room.recipient.page import show_html_part, show_recipient

_ROW = "distributor/recipient/<int:object_id>"

urlpatterns = [
    path(f"{_ROW}/change/", show_recipient, name="room-recipient"),
    path(f"{_ROW}/message/<int:number>/", show_html_part, name="room-recipient-message"),
    path(f"{_ROW}/retry/", send_again, name="room-recipient-retry"),
    path(f"{_ROW}/suppress/", suppress, name="room-recipient-suppress"),
]
