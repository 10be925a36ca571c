"""All URLs."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from distributor.api.dialects.quick.views import QuickDistributions
from distributor.api.dialects.recipient_add.views import AccountLogin, RecipientAdd
from distributor.api.dialects.single_send.views import SingleSends
from distributor.api.health import healthz, readyz
from distributor.api.native.contacts import Contacts, OneContact, OptIn, OptOut
from distributor.api.native.distributions import (
    DistributionRecipients,
    Distributions,
    DistributionSkipped,
    OneDistribution,
)
from distributor.api.native.links import LinkDetail, LinkResponses, Links
from distributor.api.native.list_connections import ConnectedSurvey
from distributor.api.native.mailing_lists import MailingLists, OneMailingList
from distributor.api.native.members import ListMembers
from distributor.api.native.providers import OneProvider, Providers
from distributor.api.native.responses import ImportResponses, Responses
from distributor.api.native.sandbox import SandboxMessages
from distributor.api.native.steering import CancelDistribution, PauseDistribution, ResumeDistribution
from distributor.api.native.steps import DistributionSteps
from distributor.api.native.suppressions import OneSuppression, Suppressions
from distributor.api.native.surveys import OneSurvey, Surveys
from distributor.api.native.templates import OneTemplate, Templates
from distributor.api.webhooks import take_webhook

urlpatterns = [
    path("api/surveys/<str:survey_id>/distributions/quick", QuickDistributions.as_view()),
    path("v1/distributions/send", SingleSends.as_view()),
    path("base/Account/Login", AccountLogin.as_view()),
    path("base/Recipient/Add", RecipientAdd.as_view()),
    path("API/v3/", include("distributor.api.dialects.distributions_v3.urls")),
    path("api/v1/distributions", Distributions.as_view()),
    path("api/v1/distributions/<str:distribution_id>", OneDistribution.as_view()),
    path("api/v1/distributions/<str:distribution_id>/pause", PauseDistribution.as_view()),
    path("api/v1/distributions/<str:distribution_id>/resume", ResumeDistribution.as_view()),
    path("api/v1/distributions/<str:distribution_id>/cancel", CancelDistribution.as_view()),
    path("api/v1/distributions/<str:distribution_id>/recipients", DistributionRecipients.as_view()),
    path("api/v1/distributions/<str:distribution_id>/steps", DistributionSteps.as_view()),
    path("api/v1/distributions/<str:distribution_id>/skipped", DistributionSkipped.as_view()),
    path("api/v1/surveys", Surveys.as_view()),
    path("api/v1/surveys/<str:survey_id>", OneSurvey.as_view()),
    path("api/v1/contacts", Contacts.as_view()),
    path("api/v1/contacts/<str:contact_id>", OneContact.as_view()),
    path("api/v1/contacts/<str:contact_id>/opt-out", OptOut.as_view()),
    path("api/v1/contacts/<str:contact_id>/opt-in", OptIn.as_view()),
    path("api/v1/lists", MailingLists.as_view()),
    path("api/v1/lists/<str:list_id>", OneMailingList.as_view()),
    path("api/v1/lists/<str:list_id>/contacts", ListMembers.as_view()),
    path("api/v1/lists/<str:list_id>/survey", ConnectedSurvey.as_view()),
    path("api/v1/templates", Templates.as_view()),
    path("api/v1/templates/<str:template_id>", OneTemplate.as_view()),
    path("api/v1/providers", Providers.as_view()),
    path("api/v1/providers/<str:provider_id>", OneProvider.as_view()),
    path("api/v1/suppressions", Suppressions.as_view()),
    path("api/v1/suppressions/<str:suppression_id>", OneSuppression.as_view()),
    path("api/v1/links", Links.as_view()),
    path("api/v1/links/<str:code>", LinkDetail.as_view()),
    path("api/v1/links/<str:code>/responses", LinkResponses.as_view()),
    path("api/v1/responses", Responses.as_view()),
    path("api/v1/responses/import", ImportResponses.as_view()),
    path("api/v1/sandbox/messages", SandboxMessages.as_view()),
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
