"""The addresses below /api/v1/."""

from django.urls import path

from distributor.api.native.contacts.batch import ContactBatch
from distributor.api.native.contacts.erasures import Erasures
from distributor.api.native.contacts.export_view import ContactExport
from distributor.api.native.contacts.views import ContactDetail, Contacts, ContactSearch, OptIn, OptOut
from distributor.api.native.distributions.clone import CloneDistribution
from distributor.api.native.distributions.control import CancelDistribution, PauseDistribution, ResumeDistribution
from distributor.api.native.distributions.recipients import (
    DistributionRecipients,
    DistributionRecipientSearch,
    DistributionSkipped,
    DistributionSkippedSearch,
)
from distributor.api.native.distributions.retry.views import DistributionUnreached, RetryDistribution
from distributor.api.native.distributions.steps import DistributionSteps
from distributor.api.native.distributions.views import DistributionDetail, Distributions
from distributor.api.native.events.delivery_views import (
    EventDeliveries,
    EventDeliveryDetail,
    PingEndpoint,
    RedeliverEvents,
    ReplayEvents,
)
from distributor.api.native.events.endpoint_views import EventEndpointDetail, EventEndpoints, RotateSecret
from distributor.api.native.events.stream_view import EventStream
from distributor.api.native.exports.views import ExportDetail, ExportFile, Exports
from distributor.api.native.imports.errors_view import ImportErrors
from distributor.api.native.imports.preview_view import ImportPreviews
from distributor.api.native.imports.views import CancelImport, ImportDetail, Imports, RunImport
from distributor.api.native.links.views import LinkDetail, LinkResponses, Links
from distributor.api.native.lists.connected_survey import ConnectedSurvey
from distributor.api.native.lists.members import ListMembers
from distributor.api.native.lists.views import MailingListDetail, MailingLists
from distributor.api.native.providers.views import ProviderDetail, Providers
from distributor.api.native.recipients.views import Recipients, RecipientSearch
from distributor.api.native.responses.detail_view import ResponseDetail
from distributor.api.native.responses.import_view import ImportResponses
from distributor.api.native.responses.views import Responses, SearchResponses
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
    path("distributions/<str:distribution_id>/clone", CloneDistribution.as_view()),
    path("distributions/<str:distribution_id>/recipients", DistributionRecipients.as_view()),
    path("distributions/<str:distribution_id>/recipients/search", DistributionRecipientSearch.as_view()),
    path("distributions/<str:distribution_id>/steps", DistributionSteps.as_view()),
    path("distributions/<str:distribution_id>/retry", RetryDistribution.as_view()),
    path("distributions/<str:distribution_id>/unreached", DistributionUnreached.as_view()),
    path("distributions/<str:distribution_id>/skipped", DistributionSkipped.as_view()),
    path("distributions/<str:distribution_id>/skipped/search", DistributionSkippedSearch.as_view()),
    path("recipients", Recipients.as_view()),
    path("recipients/search", RecipientSearch.as_view()),
    path("surveys", Surveys.as_view()),
    path("surveys/<str:survey_id>", SurveyDetail.as_view()),
    path("contacts", Contacts.as_view()),
    path("contacts/batch", ContactBatch.as_view()),
    path("contacts/search", ContactSearch.as_view()),
    path("contacts/<str:contact_id>", ContactDetail.as_view()),
    path("contacts/<str:contact_id>/export", ContactExport.as_view()),
    path("contacts/<str:contact_id>/opt-out", OptOut.as_view()),
    path("contacts/<str:contact_id>/opt-in", OptIn.as_view()),
    path("erasures", Erasures.as_view()),
    path("imports", Imports.as_view()),
    path("imports/preview", ImportPreviews.as_view()),
    path("imports/<str:import_id>", ImportDetail.as_view()),
    path("imports/<str:import_id>/run", RunImport.as_view()),
    path("imports/<str:import_id>/cancel", CancelImport.as_view()),
    path("imports/<str:import_id>/errors", ImportErrors.as_view()),
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
    path("responses/search", SearchResponses.as_view()),
    path("responses/import", ImportResponses.as_view()),
    path("responses/<str:response_id>", ResponseDetail.as_view()),
    path("exports", Exports.as_view()),
    path("exports/<str:export_id>", ExportDetail.as_view()),
    path("exports/<str:export_id>/file", ExportFile.as_view()),
    path("events", EventStream.as_view()),
    path("event-endpoints", EventEndpoints.as_view()),
    path("event-endpoints/<str:event_endpoint_id>", EventEndpointDetail.as_view()),
    path("event-endpoints/<str:event_endpoint_id>/rotate-secret", RotateSecret.as_view()),
    path("event-endpoints/<str:event_endpoint_id>/test", PingEndpoint.as_view()),
    path("event-endpoints/<str:event_endpoint_id>/replay", ReplayEvents.as_view()),
    path("event-endpoints/<str:event_endpoint_id>/deliveries", EventDeliveries.as_view()),
    path("event-endpoints/<str:event_endpoint_id>/deliveries/<str:delivery_id>", EventDeliveryDetail.as_view()),
    path("event-endpoints/<str:event_endpoint_id>/deliveries/<str:delivery_id>/redeliver", RedeliverEvents.as_view()),
    path("sandbox/messages", SandboxMessages.as_view()),
]
