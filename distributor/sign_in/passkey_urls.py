"""The library's scripts look these URLs up in its namespace."""

from django.urls import path
from django.views.i18n import JavaScriptCatalog

from distributor.sign_in.passkeys import (
    BeginAuthentication,
    BeginRegistration,
    CompleteAuthentication,
    CompleteRegistration,
)

app_name = "otp_webauthn"
urlpatterns = [
    path("registration/begin/", BeginRegistration.as_view(), name="credential-registration-begin"),
    path("registration/complete/", CompleteRegistration.as_view(), name="credential-registration-complete"),
    path("authentication/begin/", BeginAuthentication.as_view(), name="credential-authentication-begin"),
    path("authentication/complete/", CompleteAuthentication.as_view(), name="credential-authentication-complete"),
    path("words/", JavaScriptCatalog.as_view(packages=["django_otp_webauthn"]), name="js-i18n-catalog"),
]
