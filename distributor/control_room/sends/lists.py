"""Lists: which there are, who is on one; make a list, put people on it, take people off it.

Lists that sends made for themselves have nobody on them. They are shown only if asked for.
"""

from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from contacts.addresses import spell_email, strip_unseen
from contacts.identity import TooManyDataKeysError
from contacts.ids import new_id
from contacts.list_members import change_members
from contacts.models import Contact, MailingList, Membership, Organization
from contacts.phone_numbers import normalize_phone
from contacts.selection import BEFORE_ALL
from distributor.control_room.layout.room import Room, render_room, room_page
from distributor.control_room.sends.audience_form import SHOWN_FAULTS
from distributor.control_room.sends.members import ALONE, ON_A_PAGE, count_members, next_member_ids
from distributor.control_room.sends.people_text import People, read_people
from distributor.control_room.sends.plan import refusal_faults
from distributor.control_room.sends.uploads import takes_file, text_of_file
from distributor.engine.audience.list_people import add_people, create_list
from distributor.engine.infrastructure.audit import actor_of_user, record
from distributor.models import ListConnection, RecurringDistribution

PAGE: Final = 50
MEMBERS: Final = 100
FOUND: Final = 1_000  # a family shares an address; a test system may use one a thousand times
VIEW: Final = "contacts.view_mailinglist"
ADD: Final = "contacts.add_mailinglist"
CHANGE: Final = "contacts.change_mailinglist"
SEND: Final = "distributor.control_distribution"


class PeopleForm(forms.Form):
    """People as text or as a file. `found` has them after validation."""

    people = forms.CharField(required=False, widget=forms.Textarea, strip=False)

    def __init__(self, organization: Organization, request: HttpRequest, *, is_needed: bool) -> None:
        super().__init__(request.POST if request.method == "POST" else None)
        self._organization, self._request, self._is_needed = organization, request, is_needed
        self.found = People()

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = self.cleaned_data
        text, fault = text_of_file(self._request, "file")
        typed = given.get("people", "")
        if fault:
            self.add_error("people", fault)
        elif text and typed.strip():
            self.add_error("people", _("Give a file or a text, not both."))
        elif "people" not in self.errors and (text or typed.strip() or self._is_needed):
            self.found = read_people(text or typed, self._organization.phone_region)
            for each in [*self.found.text_faults, *map(str, self.found.faults[:SHOWN_FAULTS])]:
                self.add_error("people", each)
            if len(self.found.faults) > SHOWN_FAULTS:
                more = len(self.found.faults) - SHOWN_FAULTS
                self.add_error("people", _("And %(count)s faults more.") % {"count": more})
        return given


class NewListForm(PeopleForm):
    name = forms.CharField(max_length=255)
    key = forms.UUIDField(widget=forms.HiddenInput, initial=new_id)


@room_page
def show_lists(request: HttpRequest, room: Room) -> HttpResponse:
    """Show the lists by name, with how many people are on each. `automatic=1`: those that sends made instead."""
    may_see = [each.pk for each in room.shown if room.allows(VIEW, each.pk)]
    if not may_see:
        raise PermissionDenied
    is_automatic = request.GET.get("automatic") == "1"
    lists = MailingList.objects.filter(organization_id__in=may_see, is_automatic=is_automatic)
    name = strip_unseen(request.GET.get("name", "").replace("\0", ""))[:255]
    if name and not is_automatic:
        lists = lists.filter(name__icontains=name)
    # Sends make millions of lists: these are shown newest first, which needs no sorting.
    ordered = lists.order_by("-pk") if is_automatic else lists.order_by("name", "pk")
    start = _start_of(request)
    found = list(ordered.select_related("organization")[start : start + PAGE + 1])
    counts = count_members([row.pk for row in found[:PAGE]], ON_A_PAGE)
    context = {
        "rows": [(row, *counts[row.pk]) for row in found[:PAGE]],
        "next_start": start + PAGE if len(found) > PAGE else None,
        "is_automatic": is_automatic,
        "name": name,
        "may_make": any(room.allows(ADD, each.pk) for each in room.shown),
    }
    return render_room(request, room, "control_room/sends/lists.html", _("Lists"), context)


@room_page
def show_list(request: HttpRequest, room: Room, list_id: UUID) -> HttpResponse:
    """Show who is on a list, a hundred at a time. `q` finds a member by e-mail address, number or external id."""
    mailing_list = find_list_of(room, list_id)
    query = strip_unseen(request.GET.get("q", "").replace("\0", ""))[:255]
    after = _uuid(request.GET.get("after", "")) or BEFORE_ALL
    ids: list[UUID] = []
    if room.allows("contacts.view_contact", mailing_list.organization_id):
        ids = _find_members(mailing_list, query) if query else next_member_ids(mailing_list.pk, after, MEMBERS + 1)
    count, has_more = count_members([mailing_list.pk], ALONE)[mailing_list.pk]
    context = {
        "list": mailing_list,
        "people": Contact.objects.filter(pk__in=ids[:MEMBERS], erased_at=None).order_by("pk"),
        "after": ids[MEMBERS - 1] if len(ids) > MEMBERS and not query else None,
        "query": query,
        "count": count,
        "has_more": has_more,
        "connection": ListConnection.objects.filter(mailing_list=mailing_list).select_related("survey").first(),
        "recurring": RecurringDistribution.objects.filter(mailing_list=mailing_list).order_by("name")[:PAGE],
        "may_change": room.allows(CHANGE, mailing_list.organization_id),
        "may_send": room.allows(SEND, mailing_list.organization_id),
        "crumbs": [(_("Lists"), reverse("room-lists"))],
    }
    return render_room(request, room, "control_room/sends/list.html", str(mailing_list), context)


@takes_file
@require_http_methods(["GET", "HEAD", "POST"])
@room_page
def make_list(request: HttpRequest, room: Room) -> HttpResponse:
    """Make a list, with people on it if some are given. The form's key makes one list."""
    may_add = [each for each in room.shown if room.allows(ADD, each.pk)]
    named = request.POST.get("organization") or request.GET.get("organization", "")
    allowed = [each for each in may_add if str(each.pk) == named] if named else may_add
    if not allowed:
        raise PermissionDenied
    chosen = allowed[0] if len(allowed) == 1 else None
    form = NewListForm(allowed[0], request, is_needed=False)
    if request.method == "POST" and form.is_valid() and chosen is not None:
        try:
            mailing_list, is_new = create_list(
                chosen,
                form.cleaned_data["key"],
                form.cleaned_data["name"],
                form.found.contacts,
                actor_of_user(request.user),
                room.now,
            )
        except MailingList.DoesNotExist:
            raise PermissionDenied from None
        except TooManyDataKeysError as refusal:
            _add_refusal(form, refusal)
        else:
            if is_new:
                messages.success(request, _("The list %(name)s was made.") % {"name": mailing_list})
            return HttpResponseRedirect(reverse("room-list", args=[mailing_list.pk]))
    context = {
        "form": form,
        "organizations": may_add,
        "chosen": chosen,
        "needs_organization": request.method == "POST" and chosen is None,
        "crumbs": [(_("Lists"), reverse("room-lists"))],
    }
    return render_room(request, room, "control_room/sends/list_new.html", _("New list"), context)


@takes_file
@require_http_methods(["GET", "HEAD", "POST"])
@room_page
def add_to_list(request: HttpRequest, room: Room, list_id: UUID) -> HttpResponse:
    """Put people on a list. Nobody is sent anything."""
    mailing_list = find_list_of(room, list_id)
    if not room.allows(CHANGE, mailing_list.organization_id):
        raise PermissionDenied
    form = PeopleForm(mailing_list.organization, request, is_needed=True)
    if request.method == "POST" and form.is_valid():
        try:
            count = add_people(
                mailing_list.organization, mailing_list.pk, form.found.contacts, actor_of_user(request.user), room.now
            )
        except MailingList.DoesNotExist:
            raise Http404 from None
        except TooManyDataKeysError as refusal:
            _add_refusal(form, refusal)
        else:
            text = ngettext("%(count)s person was put on the list.", "%(count)s people were put on the list.", count)
            messages.success(request, text % {"count": count})
            return HttpResponseRedirect(reverse("room-list", args=[mailing_list.pk]))
    context = {
        "list": mailing_list,
        "form": form,
        "crumbs": [(_("Lists"), reverse("room-lists")), (mailing_list, reverse("room-list", args=[mailing_list.pk]))],
    }
    return render_room(request, room, "control_room/sends/list_add.html", _("Put people on the list"), context)


@require_POST
@room_page
def remove_from_list(request: HttpRequest, room: Room, list_id: UUID) -> HttpResponse:
    """Ask before the chosen people are taken off a list, then do it. They stay contacts."""
    mailing_list = find_list_of(room, list_id)
    if not room.allows(CHANGE, mailing_list.organization_id):
        raise PermissionDenied
    ids = {found for text in request.POST.getlist("person")[:MEMBERS] if (found := _uuid(text))}
    on_list = Membership.objects.filter(mailing_list=mailing_list, contact_id__in=ids)
    people = list(Contact.objects.filter(pk__in=list(on_list.values_list("contact_id", flat=True))).order_by("pk"))
    back = reverse("room-list", args=[mailing_list.pk])
    if not people:
        messages.info(request, _("Choose the people to take off the list."))
        return HttpResponseRedirect(back)
    if request.POST.get("confirmed") != "yes":
        context = {
            "list": mailing_list,
            "people": people,
            "crumbs": [(_("Lists"), reverse("room-lists")), (mailing_list, back)],
        }
        return render_room(request, room, "control_room/sends/list_remove.html", _("Take people off the list"), context)
    with transaction.atomic():
        _none, count = change_members(mailing_list, (), {person.pk for person in people})
        record(actor_of_user(request.user), "members_removed", mailing_list, changes={"members": [count, None]})
    text = ngettext("%(count)s person was taken off the list.", "%(count)s people were taken off the list.", count)
    messages.success(request, text % {"count": count})
    return HttpResponseRedirect(back)


def find_list_of(room: Room, list_id: UUID) -> MailingList:
    """Return a list that the user may see. Raises Http404."""
    mailing_list = MailingList.objects.select_related("organization").filter(pk=list_id).first()
    if mailing_list is None or not room.allows(VIEW, mailing_list.organization_id):
        raise Http404
    return mailing_list


def _find_members(mailing_list: MailingList, query: str) -> list[UUID]:
    """Find members by whole values, which have indexes that begin with the organisation."""
    people = Contact.objects.filter(organization=mailing_list.organization_id, erased_at=None)
    if "@" in query:
        people = people.alias(lower=Lower("email")).filter(lower=spell_email(query).lower()).exclude(email="")
    else:
        is_theirs = Q(external_id=query)
        if phone := normalize_phone(query, mailing_list.organization.phone_region):
            is_theirs |= Q(phone=phone) & ~Q(phone="")
        people = people.filter(is_theirs)
    found = list(people.order_by().values_list("pk", flat=True)[:FOUND])
    on_list = Membership.objects.filter(mailing_list=mailing_list, contact_id__in=found)
    return sorted(on_list.values_list("contact_id", flat=True))


def _add_refusal(form: forms.Form, refusal: TooManyDataKeysError) -> None:
    for texts in refusal_faults(refusal).values():
        for text in texts:
            form.add_error("people", text)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _start_of(request: HttpRequest) -> int:
    text = request.GET.get("start", "")
    return min(int(text), 10_000) if text.isascii() and text.isdecimal() else 0
