"""The URLs of an installation that has set OIDC_RP_CLIENT_ID."""

from django.urls import include, path

from config.urls import urlpatterns as without_oidc

urlpatterns = [path("admin/oidc/", include("distributor.sign_in.oidc_urls")), *without_oidc]
