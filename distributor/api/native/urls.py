"""The addresses below /api/v1/."""

from django.urls import path

from distributor.api.native.contacts.erasures import Erasures
from distributor.api.native.contacts.export_view import ContactExport
from distributor.api.native.contacts.views import ContactDetail, Contacts, OptIn, OptOut
from distributor.api.native.distributions.control import CancelDistribution, PauseDistribution, ResumeDistribution
from distributor.api.native.distributions.recipients import DistributionRecipients, DistributionSkipped
from distributor.api.native.distributions.retry.views import DistributionUnreached, RetryDistribution
from distributor.api.native.distributions.steps import DistributionSteps
from distributor.api.native.distributions.views import DistributionDetail, Distributions
from distributor.api.native.links.views import LinkDetail, LinkResponses, Links
from distributor.api.native.lists.connected_survey import ConnectedSurvey
from distributor.api.native.lists.members import ListMembers
from distributor.api.native.lists.views import MailingListDetail, MailingLists
from distributor.api.native.providers.views import ProviderDetail, Providers
from distributor.api.native.responses.import_view import ImportResponses
from distributor.api.native.responses.views import Responses
from distributor.api.native.sandbox.views import SandboxMessages
from distributor.api.native.suppressions.views import SuppressionDetail, Suppressions
from distributor.api.native.surveys.views import SurveyDetail, Surveys
from distributor.api.native.templates.views import TemplateDetail, Templates

urlpatterns = [
    path("distributions", Distributions.as_view()),
    path("distributions/<str:distribution_id>", DistributionDetail.as_view()),
    path("distributions/<str:distribution_id>/pause", PauseDistribution.as_view()),
    path("distributions/<str:distribution_id>/resume", ResumeDistribution.as_view()),
    path("distributions/<str:distribution_id>/cancel", CancelDistribution.as_view()),
    path("distributions/<str:distribution_id>/recipients", DistributionRecipients.as_view()),
    path("distributions/<str:distribution_id>/steps", DistributionSteps.as_view()),
    path("distributions/<str:distribution_id>/retry", RetryDistribution.as_view()),
    path("distributions/<str:distribution_id>/unreached", DistributionUnreached.as_view()),
    path("distributions/<str:distribution_id>/skipped", DistributionSkipped.as_view()),
    path("surveys", Surveys.as_view()),
    path("surveys/<str:survey_id>", SurveyDetail.as_view()),
    path("contacts", Contacts.as_view()),
    path("contacts/<str:contact_id>", ContactDetail.as_view()),
    path("contacts/<str:contact_id>/export", ContactExport.as_view()),
    path("contacts/<str:contact_id>/opt-out", OptOut.as_view()),
    path("contacts/<str:contact_id>/opt-in", OptIn.as_view()),
    path("erasures", Erasures.as_view()),
    path("lists", MailingLists.as_view()),
    path("lists/<str:list_id>", MailingListDetail.as_view()),
    path("lists/<str:list_id>/contacts", ListMembers.as_view()),
    path("lists/<str:list_id>/survey", ConnectedSurvey.as_view()),
    path("templates", Templates.as_view()),
    path("templates/<str:template_id>", TemplateDetail.as_view()),
    path("providers", Providers.as_view()),
    path("providers/<str:provider_id>", ProviderDetail.as_view()),
    path("suppressions", Suppressions.as_view()),
    path("suppressions/<str:suppression_id>", SuppressionDetail.as_view()),
    path("links", Links.as_view()),
    path("links/<str:code>", LinkDetail.as_view()),
    path("links/<str:code>/responses", LinkResponses.as_view()),
    path("responses", Responses.as_view()),
    path("responses/import", ImportResponses.as_view()),
    path("sandbox/messages", SandboxMessages.as_view()),
]
