"""The paths below /API/v3."""

from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, path, re_path, resolve
from django.views.decorators.csrf import csrf_exempt

from distributor.api.dialects.distributions_v3.discovery.views import (
    Directories,
    Libraries,
    LibraryMessages,
    Surveys,
    WhoAmI,
)
from distributor.api.dialects.distributions_v3.distributions.follow_ups.views import Reminders, ThankYous
from distributor.api.dialects.distributions_v3.distributions.recipients.history import DistributionHistory
from distributor.api.dialects.distributions_v3.distributions.recipients.links import DistributionLinks
from distributor.api.dialects.distributions_v3.distributions.sms import SmsDistributions
from distributor.api.dialects.distributions_v3.distributions.views import DistributionDetail, Distributions
from distributor.api.dialects.distributions_v3.envelope import DialectView
from distributor.api.dialects.distributions_v3.lists.contacts import ListContactDetail, ListContacts
from distributor.api.dialects.distributions_v3.lists.mailing_lists import MailingListDetail, MailingLists
from distributor.api.dialects.distributions_v3.paging import normalize_path
from distributor.api.unknown_address import UnknownAddress


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


_LISTS = "directories/<str:directory_id>/mailinglists"
urlpatterns = [
    path("whoami", WhoAmI.as_view()),
    path("surveys", Surveys.as_view()),
    path("directories", Directories.as_view()),
    path("libraries", Libraries.as_view()),
    path("libraries/<str:library_id>/messages", LibraryMessages.as_view()),
    path("distributions", Distributions.as_view()),
    path("distributions/sms", SmsDistributions.as_view()),
    path("distributions/<str:distribution_id>", DistributionDetail.as_view()),
    path("distributions/<str:distribution_id>/links", DistributionLinks.as_view()),
    path("distributions/<str:distribution_id>/history", DistributionHistory.as_view()),
    path("distributions/<str:distribution_id>/reminders", Reminders.as_view()),
    path("distributions/<str:distribution_id>/thankyous", ThankYous.as_view()),
    path(_LISTS, MailingLists.as_view()),
    path(f"{_LISTS}/<str:list_id>", MailingListDetail.as_view()),
    path(f"{_LISTS}/<str:list_id>/contacts", ListContacts.as_view()),
    path(f"{_LISTS}/<str:list_id>/contacts/<str:contact_id>", ListContactDetail.as_view()),
    re_path("", ignore_extra_slashes),
]
