"""Every address of this dialect, below /API/v3."""

from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, path, re_path, resolve
from django.views.decorators.csrf import csrf_exempt
from rest_framework.request import Request

from distributor.api.dialects.distributions_v3.discovery.views import (
    Directories,
    Libraries,
    LibraryMessages,
    Surveys,
    WhoAmI,
)
from distributor.api.dialects.distributions_v3.distributions.follow_ups.views import Reminders, ThankYous
from distributor.api.dialects.distributions_v3.distributions.history import DistributionHistory
from distributor.api.dialects.distributions_v3.distributions.links import DistributionLinks
from distributor.api.dialects.distributions_v3.distributions.sms import SmsDistributions
from distributor.api.dialects.distributions_v3.distributions.views import Distributions, OneDistribution
from distributor.api.dialects.distributions_v3.envelope import DialectView
from distributor.api.dialects.distributions_v3.lists.contacts import ListContacts, OneListContact
from distributor.api.dialects.distributions_v3.lists.mailing_lists import MailingLists, OneMailingList
from distributor.api.dialects.distributions_v3.paging import plain_path
from distributor.api.problems import not_found


class NoSuchAddress(DialectView):
    """404 in this dialect's shape, for whoever shows a key."""

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        super().initial(request, *args, **kwargs)
        raise not_found("address")


@csrf_exempt
def forgive_slashes(request: HttpRequest) -> HttpResponseBase:
    """Answer `directories/POOL_…//mailinglists/`, as published clients write it, as if it were written plainly."""
    plain = plain_path(request.path_info)
    try:
        match = resolve(plain) if plain != request.path_info else None
    except Resolver404:  # there is nothing at the root
        match = None
    if match is None:
        return NoSuchAddress.as_view()(request)
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
    path("distributions/<str:distribution_id>", OneDistribution.as_view()),
    path("distributions/<str:distribution_id>/links", DistributionLinks.as_view()),
    path("distributions/<str:distribution_id>/history", DistributionHistory.as_view()),
    path("distributions/<str:distribution_id>/reminders", Reminders.as_view()),
    path("distributions/<str:distribution_id>/thankyous", ThankYous.as_view()),
    path(_LISTS, MailingLists.as_view()),
    path(f"{_LISTS}/<str:list_id>", OneMailingList.as_view()),
    path(f"{_LISTS}/<str:list_id>/contacts", ListContacts.as_view()),
    path(f"{_LISTS}/<str:list_id>/contacts/<str:contact_id>", OneListContact.as_view()),
    re_path("", forgive_slashes),
]
