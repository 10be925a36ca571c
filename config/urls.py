"""All URLs."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from distributor.admin.recovery import recovery_page
from distributor.api.answers.server_error import answer_server_error
from distributor.api.answers.unknown_address import UnknownAddress
from distributor.api.dialects.distributions_v3.accounts.tokens import AccessToken
from distributor.api.dialects.distributions_v3.urls import ignore_extra_slashes
from distributor.api.dialects.quick.views import QuickDistributions
from distributor.api.dialects.recipient_add.views import AccountLogin, RecipientAdd, UnknownPath
from distributor.api.dialects.single_send.views import SingleSends
from distributor.api.health import healthz, readyz
from distributor.api.metrics import metrics
from distributor.api.reference.assets import serve_asset
from distributor.api.reference.document import OpenApiDocument, document_of_subject, postman_collection
from distributor.api.reference.pages import error_code, error_codes, reference_page, subject_page
from distributor.api.request_body import answer_bad_request
from distributor.api.webhooks import take_webhook, unknown_webhook
from distributor.pages.home import home

admin.autodiscover()  # imports the admin's pages: config/admin_app.py does not

handler400 = answer_bad_request
handler500 = answer_server_error

urlpatterns = [
    path("api/surveys/<str:survey_id>/distributions/quick", QuickDistributions.as_view()),
    path("v1/distributions/send", SingleSends.as_view()),
    path("base/Account/Login", AccountLogin.as_view()),
    path("base/Recipient/Add", RecipientAdd.as_view()),
    path("oauth2/token", AccessToken.as_view()),
    path("API/v3/", include("distributor.api.dialects.distributions_v3.urls")),
    path("api/v1/", include("distributor.api.native.urls")),
    path("api/schema", OpenApiDocument.as_view(), name="schema"),
    path("api/postman.json", postman_collection, name="postman"),
    path("api/docs/", reference_page, name="docs"),
    re_path(r"^api/docs/(?P<name>[\w-]+\.\w+)$", serve_asset),
    re_path(r"^api/docs/(?P<subject>\w+)$", RedirectView.as_view(url="/api/docs/%(subject)s/")),
    path("api/docs/<str:subject>/", subject_page, name="subject"),
    path("api/docs/<str:subject>/document", document_of_subject, name="document"),
    path("api/docs", RedirectView.as_view(url="/api/docs/")),
    path("errors/", error_codes, name="errors"),
    path("errors", RedirectView.as_view(url="/errors/")),
    path("errors/<str:code>", error_code, name="error"),
    path("webhooks/<uuid:account_id>", take_webhook),
    path("webhooks/<uuid:account_id>/<str:attempt_id>", take_webhook),
    path("healthz", healthz),
    path("readyz", readyz),
    path("metrics", metrics),
    path("admin/recovery/", recovery_page, name="admin-recovery"),
    path("admin/", include("distributor.sign_in.urls")),
    path("admin/", include("distributor.control_room.urls")),
    path("admin/", admin.site.urls),
    path("sandbox/", include("distributor.pages.sandbox.urls")),
    path("", home),
    path("", include("distributor.pages.urls")),
    # Whatever else begins like an API is answered in its shape. Clients are programs, and cannot read a page.
    re_path("^(?:/*)API(?:/|$)", ignore_extra_slashes),
    re_path("^(?:/*)oauth2/+token/*$", ignore_extra_slashes),
    re_path("^(?:/*)base(?:/|$)", UnknownPath.as_view()),
    re_path("^(?:/*)webhooks(?:/|$)", unknown_webhook),
    re_path("^(?:/*)(?:[Aa][Pp][Ii]|v1)(?:/|$)", UnknownAddress.as_view()),
]
