"""URLs of the sign-in with an OpenID Connect provider. The callback is the redirect URI to register there."""

from django.urls import path

from distributor.sign_in.oidc import CallbackView, StartView

urlpatterns = [
    path("start/", StartView.as_view(), name="oidc_authentication_init"),
    path("callback/", CallbackView.as_view(), name="oidc_authentication_callback"),
]
