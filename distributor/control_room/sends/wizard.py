"""Make a send: survey, audience, messages, when, rules, and the dry run as the last page. Then send.

Every page is a form that posts to the same address, with the answers of the other pages in `draft` (draft.py), the
page's name in `page`, and where to go in `go`. Going on checks the page; going back keeps its answers.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from contacts.identity import TooManyDataKeysError
from contacts.models import Organization
from distributor.control_room.layout.room import Room, render_room, room_page
from distributor.control_room.sends.choices import allowed_days_of, caps_of
from distributor.control_room.sends.draft import Draft, DraftExpiredError
from distributor.control_room.sends.forecast import make_forecast
from distributor.control_room.sends.plan import PAGES, Plan, place_refusal, refusal_faults
from distributor.control_room.sends.sample_message import SampleMessage, send_me_this, team_numbers
from distributor.control_room.sends.uploads import takes_file, text_of_file
from distributor.engine.acceptance.references import UnknownReferencesError
from distributor.engine.audience.send_once import send_once
from distributor.engine.infrastructure.audit import actor_of_user
from distributor.engine.schedule.recurring_control import create_recurring, next_occurrences
from distributor.rules.timing.time_zones import zone_named

PERMISSION: Final = "distributor.control_distribution"
RECURRING_PERMISSION: Final = "distributor.add_recurringdistribution"
OCCURRENCES: Final = 5
REFUSALS: Final = (UnknownReferencesError, TooManyDataKeysError)
TITLES: Final = {
    "survey": gettext_lazy("Survey"),
    "audience": gettext_lazy("Audience"),
    "messages": gettext_lazy("Messages"),
    "when": gettext_lazy("When"),
    "rules": gettext_lazy("Rules"),
    "check": gettext_lazy("Check and send"),
}


@takes_file
@require_http_methods(["GET", "HEAD", "POST"])
@room_page
def make_send(request: HttpRequest, room: Room) -> HttpResponse:
    """Start a send, or take the answers of one of its pages."""
    draft = _start(request, room) if request.method != "POST" else _continue(request)
    if isinstance(draft, HttpResponse):
        return draft
    organization = Organization.objects.filter(pk=draft.organization_id).first()
    if organization is None or not room.allows(PERMISSION, organization.pk):
        raise PermissionDenied
    # Times that are typed and shown are the organisation's, also if several organisations are shown.
    with timezone.override(zone_named(organization.time_zone)):
        return _answer(request, room, organization, draft)


def _start(request: HttpRequest, room: Room) -> Draft | HttpResponse:
    """Begin a draft. With several organisations to choose from, ask for one."""
    may_send = [each for each in room.shown if room.allows(PERMISSION, each.pk)]
    named = request.GET.get("organization", "")
    chosen = [each for each in may_send if str(each.pk) == named] if named else may_send
    if not chosen:
        raise PermissionDenied
    if len(chosen) > 1:
        choices = {"organizations": chosen, "query": _query_without(request, "organization")}
        return render_room(request, room, "control_room/sends/organization.html", _("Make a send"), choices)
    draft = Draft(chosen[0].pk)
    if survey := request.GET.get("survey"):
        draft.answers["survey"] = {"survey": [survey]}
    if mailing_list := request.GET.get("mailing_list"):
        draft.answers["audience"] = {"audience": ["list"], "mailing_list": [mailing_list]}
    if request.GET.get("when") == "recurring":
        draft.answers["when"] = {"when": ["recurring"], "repeats": ["weekly"], "time_of_day": ["09:00"]}
    return draft


def _query_without(request: HttpRequest, name: str) -> str:
    query = request.GET.copy()
    query.pop(name, None)
    return query.urlencode()


def _continue(request: HttpRequest) -> Draft | HttpResponse:
    """Read the draft of a form, with the answers of its page."""
    try:
        draft = Draft.read(request.POST.get("draft", ""), request.user)
    except DraftExpiredError:
        messages.error(request, _("This form was started more than a day ago, or by somebody else. Start again."))
        return HttpResponseRedirect(reverse("room-send"))
    page = request.POST.get("page", "")
    if page in PAGES[:-1]:
        draft.answer(page, request.POST)
    return draft


def _answer(request: HttpRequest, room: Room, organization: Organization, draft: Draft) -> HttpResponse:
    """Show the page that the form goes to, or the first page before it that is not answered well."""
    if request.method != "POST":
        return _show(request, room, Plan(organization, draft, room.now), "survey", is_new=True)
    page, go = request.POST.get("page", ""), request.POST.get("go", "next")
    file_fault = _take_file(request, draft) if page == "audience" else ""
    plan = Plan(organization, draft, room.now)
    if file_fault:
        plan.audience.is_valid()
        plan.audience.add_error("people", file_fault)
        return _show(request, room, plan, "audience")
    if go == "add":
        plan.messages.row_count += 1
        return _show(request, room, _with_row(plan), "messages", is_new=True)
    if go.startswith("test-") and go[5:].isdecimal():
        return _show(request, room, plan, "messages", test=_test(request, plan, int(go[5:])))
    if go == "send":
        return _send(request, room, plan)
    if page not in PAGES or go in PAGES[: PAGES.index(page)]:
        return _show(request, room, plan, go if go in PAGES else "survey", is_new=True)
    if page != "check" and not plan.form(page).is_valid():
        return _show(request, room, plan, page)
    following = PAGES[min(PAGES.index(page) + 1, len(PAGES) - 1)]
    if following == "check":
        return _check(request, room, plan)
    return _show(request, room, plan, following, is_new=True)


def _take_file(request: HttpRequest, draft: Draft) -> str:
    """Put an uploaded file's text in the place of the typed one. Return what is wrong with it."""
    text, fault = text_of_file(request, "file")
    if text:
        if request.POST.get("people", "").strip():
            return _("Give a file or a text, not both.")
        draft.answers["audience"]["people"] = [text]
    return fault


def _with_row(plan: Plan) -> Plan:
    """Return the plan with one row of messages more."""
    given = plan.draft.answers.setdefault("messages", {})
    given.setdefault(f"kind_{plan.messages.row_count}", ["invitation"])
    return Plan(plan.organization, plan.draft, plan.now)


def _test(request: HttpRequest, plan: Plan, number: int) -> SampleMessage:
    """Send the message of a row to the operator. Only that row has to be right."""
    form = plan.messages
    form.is_valid()
    rows = [row for row in form.rows if row.account.value() or row.template.value()]
    place = next((place for place, row in enumerate(rows) if row.number == number), None)
    if place is None or any(field.errors for field in rows[place].fields):
        return SampleMessage(False, _("Choose an account and a template first."))
    is_right = [not any(field.errors for field in row.fields) for row in rows]
    step = form.steps[sum(is_right[:place])]
    chosen = plan.survey.cleaned_data.get("survey") if plan.survey.is_valid() else None
    survey_id = UUID(chosen) if chosen else None
    return send_me_this(plan.organization, request.user, step, survey_id, request.POST.get("test_number", ""))


def _check(request: HttpRequest, room: Room, plan: Plan) -> HttpResponse:
    """Show the dry run, or the first page with faults."""
    if page := plan.first_fault():
        return _show(request, room, plan, page)
    if plan.is_recurring and not room.allows(RECURRING_PERMISSION, plan.organization.pk):
        raise PermissionDenied
    wanted = plan.request()
    occurrences: list[datetime] = []
    if plan.is_recurring:
        occurrences = next_occurrences(plan.recurring()[0], room.now, OCCURRENCES)
        wanted = replace(wanted, scheduled_at=occurrences[0])
    try:
        found = make_forecast(plan.organization, wanted, plan.selection, room.now, room.language)
    except REFUSALS as refusal:
        return _show(request, room, plan, place_refusal(plan, refusal_faults(refusal)))
    values = {"forecast": found, "occurrences": occurrences, "is_recurring": plan.is_recurring, "name": plan.name}
    return _show(request, room, plan, "check", values=values)


def _send(request: HttpRequest, room: Room, plan: Plan) -> HttpResponse:
    """Send, or start a recurring send. The draft's key does so once, however often the button is pressed."""
    if page := plan.first_fault():
        return _show(request, room, plan, page)
    actor = actor_of_user(request.user)
    try:
        if plan.is_recurring:
            if not room.allows(RECURRING_PERMISSION, plan.organization.pk):
                raise PermissionDenied
            recurring, is_new = create_recurring(*plan.recurring(), actor, room.now)
            text, url = _("%(name)s will be sent again and again."), reverse("room-recurring-one", args=[recurring.pk])
        else:
            row, is_new = send_once(plan.organization, plan.request(), plan.selection, actor, room.now)
            url = reverse("admin:distributor_distribution_change", args=[row.pk])
            text = _("%(name)s is being sent.") if row.scheduled_at is None else _("%(name)s is scheduled.")
    except REFUSALS as refusal:
        return _show(request, room, plan, place_refusal(plan, refusal_faults(refusal)))
    if is_new:
        messages.success(request, text % {"name": plan.name})
    else:
        messages.info(request, _("%(name)s was sent already. Nothing was sent twice.") % {"name": plan.name})
    return HttpResponseRedirect(url)


def _show(
    request: HttpRequest,
    room: Room,
    plan: Plan,
    page: str,
    *,
    is_new: bool = False,
    test: SampleMessage | None = None,
    values: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """Show a page. `is_new`: the operator comes to it, so faults of a page that is not answered yet are not shown."""
    form = None if page == "check" else plan.form(page)
    has_faults = form is not None and form.is_bound and not is_new and bool(form.errors)
    if form is not None and is_new and form.is_bound:
        form.errors.clear()
    position = PAGES.index(page)
    context = {
        "organization": plan.organization,
        "page": page,
        "pages": [(name, TITLES[name], place < position) for place, name in enumerate(PAGES)],
        "before": PAGES[position - 1] if position else "",
        "draft": plan.draft.sign(request.user, without=page),
        "form": form,
        "has_faults": has_faults,
        "test": test,
        "numbers": team_numbers(plan.organization) if page == "messages" else (),
        "caps": caps_of(plan.organization) if page == "rules" else (),
        "allowed_days": allowed_days_of(plan.organization) if page == "when" else "",
        "zone": zone_named(plan.organization.time_zone).key,
        "crumbs": [(_("Distributions"), reverse("admin:distributor_distribution_changelist"))],
        **(values or {}),
    }
    title = f"{_('Make a send')}: {TITLES[page]}"
    return render_room(request, room, f"control_room/sends/{page}.html", title, context)
