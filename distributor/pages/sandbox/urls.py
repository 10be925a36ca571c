"""URLs of the sandbox, below `/sandbox/`."""

from django.urls import path

from distributor.pages.sandbox import views

app_name = "sandbox"
urlpatterns = [
    path("", views.show_inbox, name="inbox"),
    path("phone/", views.show_phones, name="phones"),
    path("messages/<int:message_id>/", views.show_email, name="email"),
    path("messages/<int:message_id>/html/", views.show_html_part, name="html_part"),
]
