"""The pages behind a personal link: the question, the thanks, and unsubscribing.

The code is all the authority there is: no session, no cookie, no login. So there is nothing that a forged request
could borrow from a browser, and a CSRF token would prove nothing that the code does not; with one, the one-click POST
of RFC 8058, which comes from a mail provider's server, could not work.
"""

from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from contacts.channel import Channel
from distributor.engine.consent.unsubscribe import unsubscribe
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.links import Link, find_link, record_open
from distributor.engine.responses.record import LinkNotOpenError, record_response
from distributor.pages.forms import AnswerForm
from distributor.pages.rendering import PAGE_HEADERS, render_page
from distributor.rules.links import PAGE_STATUS, LinkState, add_code_to_url

logger = structlog.get_logger(__name__)


@method_decorator(csrf_exempt, name="dispatch")
class PageView(View):
    """A page that carries the pages' headers, whatever it answers."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().dispatch(request, *args, **kwargs)
        for name, value in PAGE_HEADERS.items():
            response[name] = value
        return response


class SurveyPage(PageView):
    """`/p/{code}`: leads to the survey, or asks the built-in question."""

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        now = database_now()
        link = find_link(code, now)
        if link is not None and link.state is LinkState.OPEN:
            record_open(link.recipient, now)
        return _show_survey(request, link)

    def head(self, request: HttpRequest, code: str) -> HttpResponse:
        """What GET would answer, without noting that the link was opened: link checkers ask like this."""
        return _show_survey(request, find_link(code, database_now()))

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        """The built-in question's answer."""
        now = database_now()
        link = find_link(code, now)
        if link is None or link.state is not LinkState.OPEN:
            return _show_closed(request, link)
        if link.survey.target_url:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        form = AnswerForm(request.POST)
        if not form.is_valid():
            return _show_question(request, link, form, HTTPStatus.BAD_REQUEST)
        try:
            record_response(code, form.cleaned_data, now)
        except LinkNotOpenError:
            return _show_closed(request, find_link(code, now))
        return _see_other(reverse("pages:thanks", args=[code]))


class ThanksPage(PageView):
    """`/p/{code}/thanks`: for who has answered, as often as they like. Anybody else is led to the survey."""

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        link = find_link(code, database_now())
        if link is None:
            return _show_closed(request, None)
        # Nobody knows who answered through an anonymous link: whoever asks is thanked.
        if link.state is not LinkState.USED and not (link.is_anonymous and link.state is LinkState.OPEN):
            return HttpResponseRedirect(reverse("pages:survey", args=[code]))
        thanks = link.thanks
        context = {"thanks": thanks, "thank_you_link": _safe_link(thanks.link_url)}
        return render_page(request, "thanks.html", link, context)


class UnsubscribePage(PageView):
    """`/u/{code}`: GET asks, POST does it, however often. The state of the link does not matter."""

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        link = find_link(code, database_now())
        if link is None:
            return _show_closed(request, None)
        context = {"organization": link.survey.organization, "is_done": link.recipient.contact.opted_out_at is not None}
        return render_page(request, "unsubscribe.html", link, context)

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        """The page's button, or a mail program's one click: RFC 8058 §3.1 has it post exactly this pair.

        One click comes from an e-mail's header. The button may have been reached from any channel's message.
        """
        now = database_now()
        if request.POST.get("List-Unsubscribe") == "One-Click":
            is_known = unsubscribe(code, "one-click", now, channel=Channel.EMAIL)
        else:
            is_known = unsubscribe(code, "unsubscribe page", now)
        link = find_link(code, now)
        if link is None or not is_known:
            return _show_closed(request, None)
        context = {"organization": link.survey.organization, "is_done": True}
        return render_page(request, "unsubscribe.html", link, context)


def _show_survey(request: HttpRequest, link: Link | None) -> HttpResponse:
    if link is None or link.state is not LinkState.OPEN:
        return _show_closed(request, link)
    survey = link.survey
    if not survey.target_url:
        return _show_question(request, link, AnswerForm(), HTTPStatus.OK)
    if not survey.target_is_allowed:
        # The built-in question would use the link up with an answer to something that nobody asked. This way the link
        # works as soon as an operator has allowed the host.
        logger.warning(
            "survey_target_not_allowed", survey_id=str(survey.pk), organization_id=str(survey.organization_id)
        )
        return render_page(request, "closed.html", link, {"state": "unavailable"}, HTTPStatus.SERVICE_UNAVAILABLE)
    if link.is_anonymous:
        return HttpResponseRedirect(survey.target_url)  # a code would tell the survey who came
    return HttpResponseRedirect(add_code_to_url(survey.target_url, link.recipient.code))


def _show_question(request: HttpRequest, link: Link, form: AnswerForm, status: HTTPStatus) -> HttpResponse:
    survey = link.survey
    context = {"survey": survey, "organization": survey.organization, "code": link.recipient.code, "form": form}
    return render_page(request, "question.html", link, context, status)


def _show_closed(request: HttpRequest, link: Link | None) -> HttpResponse:
    """Why there is nothing to answer. The page names neither organisation nor survey: anybody may come by."""
    if link is None:
        return render_page(request, "closed.html", None, {"state": "unknown"}, HTTPStatus.NOT_FOUND)
    return render_page(request, "closed.html", link, {"state": link.state}, PAGE_STATUS[link.state])


def _safe_link(url: str) -> str:
    """Where the thanks lead; a `javascript:` address that got past the admin is not offered."""
    return url if urlsplit(url).scheme in ("http", "https") else ""


def _see_other(location: str) -> HttpResponse:
    """303: the answer is stored, go and GET this (so that reloading does not send it again)."""
    return HttpResponse(status=HTTPStatus.SEE_OTHER, headers={"Location": location})
