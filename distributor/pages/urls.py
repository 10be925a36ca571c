"""URLs of the pages, short for SMS. They match any text as the code, so that a broken link also shows a page.

What mail programs and people leave at the end of a link (`/p/Abc….`, `/p/Abc…/)`) is part of the match;
rules/link_codes.py finds the code in it.
"""

from django.urls import re_path

from distributor.pages.branding import show_logo, show_stylesheet
from distributor.pages.views import SurveyPage, ThanksPage, UnsubscribePage

app_name = "pages"
_LEFT_BEHIND = r"(?:/[^0-9A-Za-z]*)?"
urlpatterns = [
    re_path(rf"^p/(?P<code>[^/]*){_LEFT_BEHIND}\Z", SurveyPage.as_view(), name="survey"),
    re_path(r"^p/(?P<code>[^/]*)/thanks[^0-9A-Za-z]*\Z", ThanksPage.as_view(), name="thanks"),
    re_path(r"^logo/(?P<digest>[0-9a-f]{32})\Z", show_logo, name="logo"),
    re_path(r"^brand/(?P<color>[0-9a-f]{6})\.css\Z", show_stylesheet, name="brand"),
    re_path(rf"^u/(?P<code>[^/]*){_LEFT_BEHIND}\Z", UnsubscribePage.as_view(), name="unsubscribe"),
]
