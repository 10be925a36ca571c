"""URLs of the pages, short for SMS. They match any text as the code, so that a broken link also shows a page."""

from django.urls import re_path

from distributor.pages.views import SurveyPage, ThanksPage, UnsubscribePage

app_name = "pages"
urlpatterns = [
    re_path(r"^p/(?P<code>[^/]*)/?$", SurveyPage.as_view(), name="survey"),
    re_path(r"^p/(?P<code>[^/]*)/thanks/?$", ThanksPage.as_view(), name="thanks"),
    re_path(r"^u/(?P<code>[^/]*)/?$", UnsubscribePage.as_view(), name="unsubscribe"),
]
