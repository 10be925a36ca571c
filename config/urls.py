"""All URLs."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from distributor.api.dialects.quick.views import QuickDistributions
from distributor.api.dialects.recipient_add.views import AccountLogin, RecipientAdd
from distributor.api.dialects.single_send.views import SingleSends
from distributor.api.health import healthz, readyz
from distributor.api.webhooks import take_webhook

urlpatterns = [
    path("api/surveys/<str:survey_id>/distributions/quick", QuickDistributions.as_view()),
    path("v1/distributions/send", SingleSends.as_view()),
    path("base/Account/Login", AccountLogin.as_view()),
    path("base/Recipient/Add", RecipientAdd.as_view()),
    path("API/v3/", include("distributor.api.dialects.distributions_v3.urls")),
    path("api/v1/", include("distributor.api.native.urls")),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("webhooks/<uuid:account_id>", take_webhook),
    path("webhooks/<uuid:account_id>/<str:attempt_id>", take_webhook),
    path("healthz", healthz),
    path("readyz", readyz),
    path("admin/", admin.site.urls),
    path("sandbox/", include("distributor.pages.sandbox.urls")),
    path("", RedirectView.as_view(url="/admin/")),
    path("", include("distributor.pages.urls")),
]
