"""The pages' addresses, short because they travel in SMS. Any text passes as a code: a mangled link gets a page too."""

from django.urls import re_path

from distributor.pages.views import SurveyPage, ThanksPage, UnsubscribePage

app_name = "pages"
urlpatterns = [
    re_path(r"^p/(?P<code>[^/]*)/?$", SurveyPage.as_view(), name="survey"),
    re_path(r"^p/(?P<code>[^/]*)/thanks/?$", ThanksPage.as_view(), name="thanks"),
    re_path(r"^u/(?P<code>[^/]*)/?$", UnsubscribePage.as_view(), name="unsubscribe"),
]
