"""The pages behind a personal link: survey, thank-you and unsubscribe.

The code in the URL is the only authorization: there is no session, cookie or login. A forged request has nothing to
take from the browser, so a CSRF token would add no protection. It would also break the one-click POST of RFC 8058,
which the mail provider's server sends.
"""

from datetime import datetime
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

from distributor.api.request_body import body_error
from distributor.engine.consent.unsubscribe import unsubscribe
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.answer_limit import seconds_until_next_answer
from distributor.engine.responses.links import Link, find_link, record_machine_visit, record_open
from distributor.engine.responses.record import LinkNotOpenError, record_response
from distributor.pages.branding import render_branded_page
from distributor.pages.forms import AnswerForm
from distributor.pages.rendering import PAGE_HEADERS, render_page
from distributor.pages.visitors import is_pressed_by_person, machine_sign, moment_shown, sign_moment
from distributor.rules.link_codes import read_code
from distributor.rules.links import PAGE_STATUS, LinkState, add_code_to_url

logger = structlog.get_logger(__name__)


@method_decorator(csrf_exempt, name="dispatch")
class PageView(View):
    """Finds the code in the URL, and adds the headers of all pages to every response."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = _refuse_unreadable_body(request) or super().dispatch(request, *args, code=read_code(kwargs["code"]))
        for name, value in PAGE_HEADERS.items():
            response.headers.setdefault(name, value)
        return response


class SurveyPage(PageView):
    """`/p/{code}`: redirects to the survey, or asks the built-in question."""

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        now = database_now()
        link = find_link(code, now)
        if link is not None:
            _record_visit(request, link, now)
        return _show_survey(request, link, now)

    def head(self, request: HttpRequest, code: str) -> HttpResponse:
        """Respond as GET does, and count a visit by a machine: link checkers send HEAD."""
        return self.get(request, code)

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        """Record the answer to the built-in question, unless a machine has pressed the button.

        A form that does not say when it was shown is not ours, such as one in a message: its answers are taken.
        """
        now = database_now()
        link = find_link(code, now)
        if link is None or link.state is not LinkState.OPEN:
            return _show_closed(request, link)
        if link.survey.target_url:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        form = AnswerForm(request.POST)
        if not form.is_valid():
            return _show_question(request, link, form, now, HTTPStatus.BAD_REQUEST)
        is_own_form = moment_shown(request, code) is not None
        if (is_own_form or machine_sign(request)) and not is_pressed_by_person(request, code, now):
            record_machine_visit(link.recipient, machine_sign(request) or "too-fast", now)
            return _show_question(request, link, form, now, asks_again=True)
        wait_seconds = seconds_until_next_answer(link.recipient) if link.is_anonymous else 0
        if wait_seconds:
            return _show_busy(request, link, wait_seconds)
        try:
            record_response(code, form.cleaned_data, now)
        except LinkNotOpenError:
            return _show_closed(request, find_link(code, now))
        return _see_other(reverse("pages:thanks", args=[code]))


class ThanksPage(PageView):
    """`/p/{code}/thanks`: thanks recipients who answered, and redirects all others to the survey."""

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        link = find_link(code, database_now())
        if link is None:
            return _show_closed(request, None)
        # We do not know who answered through an anonymous link, so everyone is thanked.
        if link.state is not LinkState.USED and not (link.is_anonymous and link.state is LinkState.OPEN):
            return HttpResponseRedirect(reverse("pages:survey", args=[code]))
        thanks = link.thanks
        context = {"thanks": thanks, "thank_you_link": _safe_link(thanks.link_url)}
        return render_branded_page(request, "thanks.html", link, context)


class UnsubscribePage(PageView):
    """`/u/{code}`: GET asks, POST unsubscribes. Idempotent, and works in every state of the link."""

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        now = database_now()
        link = find_link(code, now)
        if link is None or link.is_for_nobody:
            return _show_closed(request, None)
        if sign := machine_sign(request):
            record_machine_visit(link.recipient, sign, now)
        return _show_unsubscribe(request, link, now, is_done=link.recipient.contact.opted_out_at is not None)

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        """Unsubscribe by the page's button, or by a mail program's one click (RFC 8058 §3.1 defines its form field).

        One click is sent by the mail provider's server, so it needs no sign of a person. The button does: scanners of
        mail gateways press it. Without a sign the page asks to press it again.
        """
        now = database_now()
        link = find_link(code, now)
        if link is None or link.is_for_nobody:
            return _show_closed(request, None)
        is_one_click = request.POST.get("List-Unsubscribe") == "One-Click"
        if not is_one_click and not is_pressed_by_person(request, code, now):
            record_machine_visit(link.recipient, machine_sign(request) or "too-fast", now)
            is_done = link.recipient.contact.opted_out_at is not None
            return _show_unsubscribe(request, link, now, is_done=is_done, asks_again=not is_done)
        unsubscribe(code, "one-click" if is_one_click else "unsubscribe page", now)
        return _show_unsubscribe(request, link, now, is_done=True)


def _record_visit(request: HttpRequest, link: Link, now: datetime) -> None:
    """Record that an open link was opened, or that a machine has visited it."""
    if sign := machine_sign(request):
        record_machine_visit(link.recipient, sign, now)
    elif link.state is LinkState.OPEN:
        record_open(link.recipient, now)


def _refuse_unreadable_body(request: HttpRequest) -> HttpResponse | None:
    """Read the body before the form is: then its length is known, which forms in several parts need."""
    try:
        request.body  # noqa: B018  reading it keeps it
        request.POST  # noqa: B018  as above
    except Exception as error:
        refusal = body_error(error)
        if refusal is None:
            raise
        return HttpResponse(refusal.detail, "text/plain", refusal.status, headers=refusal.headers)
    return None


def _show_survey(request: HttpRequest, link: Link | None, now: datetime) -> HttpResponse:
    if link is None or link.state is not LinkState.OPEN:
        return _show_closed(request, link)
    survey = link.survey
    if not survey.target_url:
        return _show_question(request, link, AnswerForm(), now)
    if not survey.target_is_allowed:
        # Asking the built-in question instead would use up the link with an answer to the wrong question. The link
        # works again as soon as an operator allows the host.
        logger.warning(
            "survey_target_not_allowed", survey_id=str(survey.pk), organization_id=str(survey.organization_id)
        )
        return render_page(request, "closed.html", link, {"state": "unavailable"}, HTTPStatus.SERVICE_UNAVAILABLE)
    if link.is_anonymous:
        return HttpResponseRedirect(survey.target_url)  # A code would tell the survey who opened the link.
    return HttpResponseRedirect(add_code_to_url(survey.target_url, link.recipient.code))


def _show_question(
    request: HttpRequest,
    link: Link,
    form: AnswerForm,
    now: datetime,
    status: HTTPStatus = HTTPStatus.OK,
    *,
    asks_again: bool = False,
) -> HttpResponse:
    survey, code = link.survey, link.recipient.code
    context = {
        "survey": survey,
        "texts": link.texts,
        "code": code,
        "form": form,
        "shown": sign_moment(code, moment_shown(request, code) or now),
        "asks_again": asks_again,
    }
    return render_branded_page(request, "question.html", link, context, status)


def _show_unsubscribe(
    request: HttpRequest, link: Link, now: datetime, *, is_done: bool, asks_again: bool = False
) -> HttpResponse:
    code = link.recipient.code
    # The moment of the first page is kept, so that nobody is asked again twice.
    shown = sign_moment(code, moment_shown(request, code) or now)
    context = {
        "is_done": is_done,
        "shown": shown,
        "asks_again": asks_again,
    }
    return render_branded_page(request, "unsubscribe.html", link, context)


def _show_busy(request: HttpRequest, link: Link, wait_seconds: int) -> HttpResponse:
    response = render_page(request, "closed.html", link, {"state": "busy"}, HTTPStatus.TOO_MANY_REQUESTS)
    response["Retry-After"] = str(wait_seconds)
    return response


def _show_closed(request: HttpRequest, link: Link | None) -> HttpResponse:
    """Show why there is nothing to answer, without naming the organisation or survey: anyone may open this page."""
    if link is None:
        return render_page(request, "closed.html", None, {"state": "unknown"}, HTTPStatus.NOT_FOUND)
    return render_page(request, "closed.html", link, {"state": link.state}, PAGE_STATUS[link.state])


def _safe_link(url: str) -> str:
    """Return the URL if it is HTTP(S), else "": a `javascript:` URL may have been stored without validation."""
    return url if urlsplit(url).scheme in ("http", "https") else ""


def _see_other(location: str) -> HttpResponse:
    """Redirect with 303, so that reloading the page does not submit the form again."""
    return HttpResponse(status=HTTPStatus.SEE_OTHER, headers={"Location": location})
