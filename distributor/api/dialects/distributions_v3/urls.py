"""The paths below /API/v3."""

from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, path, re_path, resolve
from django.views.decorators.csrf import csrf_exempt

from distributor.api.answers.unknown_address import UnknownAddress
from distributor.api.dialects.distributions_v3.accounts.tokens import AccessToken
from distributor.api.dialects.distributions_v3.accounts.users import Groups, Users, UserView
from distributor.api.dialects.distributions_v3.directory.closed import (
    BouncedListContacts,
    OptedOutContacts,
    OptedOutListContacts,
)
from distributor.api.dialects.distributions_v3.directory.contacts import DirectoryContactDetail, DirectoryContacts
from distributor.api.dialects.distributions_v3.directory.history import ContactHistory
from distributor.api.dialects.distributions_v3.directory.search import ContactSearch
from distributor.api.dialects.distributions_v3.discovery.views import (
    Directories,
    Libraries,
    Surveys,
    WhoAmI,
)
from distributor.api.dialects.distributions_v3.distributions.follow_ups.views import Reminders, ThankYous
from distributor.api.dialects.distributions_v3.distributions.recipients.history import DistributionHistory
from distributor.api.dialects.distributions_v3.distributions.recipients.links import DistributionLinks
from distributor.api.dialects.distributions_v3.distributions.sms import SmsDistributionDetail, SmsDistributions
from distributor.api.dialects.distributions_v3.distributions.views import DistributionDetail, Distributions
from distributor.api.dialects.distributions_v3.envelope import DialectView
from distributor.api.dialects.distributions_v3.imports.views import (
    ContactImportDetail,
    ContactImportReport,
    ContactImports,
    ContactImportSummary,
)
from distributor.api.dialects.distributions_v3.legacy.views import LegacyContacts, LegacyListDetail, LegacyLists
from distributor.api.dialects.distributions_v3.library.messages import LibraryMessageDetail, LibraryMessages
from distributor.api.dialects.distributions_v3.lists.contacts import ListContactDetail, ListContacts
from distributor.api.dialects.distributions_v3.lists.mailing_lists import MailingListDetail, MailingLists
from distributor.api.dialects.distributions_v3.paging import normalize_path
from distributor.api.dialects.distributions_v3.responses.exports.views import (
    ResponseExportFile,
    ResponseExportProgress,
    ResponseExports,
)
from distributor.api.dialects.distributions_v3.responses.views import (
    ResponseDetail,
    ResponseSchemas,
    SurveyResponse,
    SurveyResponses,
)
from distributor.api.dialects.distributions_v3.subscriptions.views import SubscriptionDetail, Subscriptions
from distributor.api.dialects.distributions_v3.surveys.definition_views import (
    SurveyDefinitionMetadata,
    SurveyDefinitions,
    SurveyFlow,
)
from distributor.api.dialects.distributions_v3.surveys.views import SurveyDetail


@csrf_exempt
def give_token(request: HttpRequest) -> HttpResponseBase:
    """Answer what is documented as `/oauth2/token`: one published client asks below /API/v3."""
    return AccessToken.as_view()(request)


class UnknownPath(DialectView, UnknownAddress):
    """Answers an unknown path in this dialect's shape."""


@csrf_exempt
def ignore_extra_slashes(request: HttpRequest) -> HttpResponseBase:
    """Answer paths with extra slashes, as published clients write them: `directories/POOL_…//mailinglists/`."""
    normalized = normalize_path(request.path_info)
    try:
        match = resolve(normalized) if normalized != request.path_info else None
    except Resolver404:  # a path outside of this dialect
        match = None
    if match is None or match.func is ignore_extra_slashes:
        return UnknownPath.as_view()(request)
    answer: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
    return answer


_IMPORTS = "directories/<str:directory_id>/imports/api-imports/jobs"
_CONTACTS = "directories/<str:directory_id>/contacts"
_LISTS = "directories/<str:directory_id>/mailinglists"
urlpatterns = [
    path("oauth2/token", give_token),
    path("whoami", WhoAmI.as_view()),
    path("users", Users.as_view()),
    path("users/<str:user_id>", UserView.as_view()),
    path("groups", Groups.as_view()),
    path("surveys", Surveys.as_view()),
    path("surveys/<str:survey_id>", SurveyDetail.as_view()),
    path("surveys/<str:survey_id>/export-responses", ResponseExports.as_view()),
    path("surveys/<str:survey_id>/export-responses/<str:progress_id>", ResponseExportProgress.as_view()),
    path("surveys/<str:survey_id>/export-responses/<str:file_id>/file", ResponseExportFile.as_view()),
    path("surveys/<str:survey_id>/responses", SurveyResponses.as_view()),
    path("surveys/<str:survey_id>/responses/<str:response_id>", SurveyResponse.as_view()),
    path("surveys/<str:survey_id>/response-schema", ResponseSchemas.as_view()),
    path("responses/<str:response_id>", ResponseDetail.as_view()),
    path("survey-definitions/<str:survey_id>", SurveyDefinitions.as_view()),
    path("survey-definitions/<str:survey_id>/flow", SurveyFlow.as_view()),
    path("survey-definitions/<str:survey_id>/metadata", SurveyDefinitionMetadata.as_view()),
    path("directories", Directories.as_view()),
    path("libraries", Libraries.as_view()),
    path("libraries/<str:library_id>/messages", LibraryMessages.as_view()),
    path("libraries/<str:library_id>/messages/<str:message_id>", LibraryMessageDetail.as_view()),
    path("distributions", Distributions.as_view()),
    path("distributions/sms", SmsDistributions.as_view()),
    path("distributions/sms/<str:distribution_id>", SmsDistributionDetail.as_view()),
    path("distributions/<str:distribution_id>", DistributionDetail.as_view()),
    path("distributions/<str:distribution_id>/links", DistributionLinks.as_view()),
    path("distributions/<str:distribution_id>/history", DistributionHistory.as_view()),
    path("distributions/<str:distribution_id>/reminders", Reminders.as_view()),
    path("distributions/<str:distribution_id>/thankyous", ThankYous.as_view()),
    path(_CONTACTS, DirectoryContacts.as_view()),
    path(f"{_CONTACTS}/search", ContactSearch.as_view()),
    path(f"{_CONTACTS}/optedOutContacts", OptedOutContacts.as_view()),
    path(f"{_CONTACTS}/<str:contact_id>", DirectoryContactDetail.as_view()),
    path(f"{_CONTACTS}/<str:contact_id>/history", ContactHistory.as_view()),
    path(_LISTS, MailingLists.as_view()),
    path(f"{_LISTS}/<str:list_id>", MailingListDetail.as_view()),
    path(f"{_LISTS}/<str:list_id>/transactioncontacts", ContactImports.as_view()),
    path(f"{_LISTS}/<str:list_id>/transactioncontacts/<str:import_id>", ContactImportDetail.as_view()),
    path(f"{_LISTS}/<str:list_id>/transactioncontacts/<str:import_id>/summary", ContactImportSummary.as_view()),
    path(f"{_IMPORTS}/<str:import_id>/report", ContactImportReport.as_view()),
    path(f"{_LISTS}/<str:list_id>/optedOutContacts", OptedOutListContacts.as_view()),
    path(f"{_LISTS}/<str:list_id>/bouncedContacts", BouncedListContacts.as_view()),
    path(f"{_LISTS}/<str:list_id>/contacts", ListContacts.as_view()),
    path(f"{_LISTS}/<str:list_id>/contacts/<str:contact_id>", ListContactDetail.as_view()),
    path("eventsubscriptions", Subscriptions.as_view()),
    path("eventsubscriptions/<str:subscription_id>", SubscriptionDetail.as_view()),
    path("mailinglists", LegacyLists.as_view()),
    path("mailinglists/<str:list_id>", LegacyListDetail.as_view()),
    path("mailinglists/<str:list_id>/contacts", LegacyContacts.as_view()),
    re_path("", ignore_extra_slashes),
]
