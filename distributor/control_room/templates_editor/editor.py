"""The editor of a template: one language at a time, with its preview beside it."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from channels.models import Template
from channels.placeholders import EMBEDDED, PLACEHOLDERS
from channels.template_versions import latest_number, lock_texts
from channels.templates import NoVariantLeftError, change_template
from contacts.channel import Channel
from distributor.control_room.layout.room import Room, render_room, room_page
from distributor.control_room.templates_editor.draft import (
    DraftForm,
    checked_locale,
    compiled,
    stored_texts,
    texts_to_begin_with,
)
from distributor.control_room.templates_editor.rows import accounts_of, find_contact, find_template, lists_of, may
from distributor.control_room.templates_editor.single_send import Sent, send_to_me
from distributor.engine.infrastructure.audit import CHANGED, actor_of_user, record


class _SavedMeanwhileError(Exception):
    """Somebody saved another version since the form was shown. Nothing was written."""


@room_page
@require_http_methods(["GET", "POST"])
def edit_template(request: HttpRequest, room: Room, template_id: UUID) -> HttpResponse:
    """Show the editor. POST saves the language's texts, removes the language, or sends what stands in the form."""
    if request.method == "POST":
        template = find_template(room, template_id, "change")
        return _answer_post(request, room, template)
    template = find_template(room, template_id)
    locale = _chosen_locale(template, request.GET.get("locale", ""))
    return _show(request, room, template, locale, _stored_form(template, locale))


def _answer_post(request: HttpRequest, room: Room, template: Template) -> HttpResponse:
    act, form = request.POST.get("act"), DraftForm(template, request.POST)
    locale = request.POST.get("locale", "")[:35]
    if act == "remove":
        return _remove(request, room, template, locale)
    if not form.is_valid():
        return _show(request, room, template, locale, form, status=400)
    if act == "send":
        contact = find_contact(template, request.POST.get("contact", ""))
        sent = send_to_me(template, compiled(locale, form.texts), contact, request.POST)
        if sent.is_tried:
            record(actor_of_user(room.user), "test_sent", template)
        return _show(request, room, template, locale, form, sent=sent)
    try:
        _save(room, template, form)
    except _SavedMeanwhileError:
        form.add_error(None, _("Somebody has saved another version meanwhile. Compare, then save again."))
        form.data = form.data.copy()  # type: ignore[attr-defined]  # a QueryDict
        form.data["version"] = latest_number(template.pk)  # type: ignore[index]  # a copy can be changed
        return _show(request, room, template, locale, form, status=409)
    messages.success(request, _("Saved. Messages that leave from now on have these texts."))
    return _back_to(template, locale)


@transaction.atomic
def _save(room: Room, template: Template, form: DraftForm) -> None:
    lock_texts(template.pk)
    given = form.cleaned_data["version"]
    if given is not None and given != latest_number(template.pk):
        raise _SavedMeanwhileError
    actor = actor_of_user(room.user)
    change_template(template.pk, {}, {form.cleaned_data["locale"]: form.texts}, saved_by=actor.name)
    record(actor, "changed", template, changes={"variants": [CHANGED, CHANGED]})


def _remove(request: HttpRequest, room: Room, template: Template, locale: str) -> HttpResponse:
    actor = actor_of_user(room.user)
    try:
        with transaction.atomic():
            change_template(template.pk, {}, {locale: None}, saved_by=actor.name)
            record(actor, "changed", template, changes={"variants": [CHANGED, CHANGED]})
    except NoVariantLeftError:
        messages.error(request, _("A template needs at least one language."))
        return _back_to(template, locale)
    messages.success(request, _("%(locale)s is removed. An older version brings it back.") % {"locale": locale})
    return _back_to(template, "")


def _back_to(template: Template, locale: str) -> HttpResponse:
    query = "?" + urlencode({"locale": locale}) if locale else ""
    return HttpResponseRedirect(reverse("room-template", args=[template.pk]) + query)


def _chosen_locale(template: Template, asked: str) -> str:
    """Return the language asked for, as it is written in the template, else the template's first."""
    known = list(template.variants.values_list("locale", flat=True))
    same = next((locale for locale in known if locale.lower() == asked.lower()), None)
    if same:
        return same
    try:
        return checked_locale(asked)
    except ValidationError:
        return known[0] if known else "en"


def _stored_form(template: Template, locale: str) -> DraftForm:
    texts = stored_texts(template, locale) or texts_to_begin_with(template, locale)
    return DraftForm(template, initial={**texts, "locale": locale, "version": latest_number(template.pk)})


def _show(
    request: HttpRequest,
    room: Room,
    template: Template,
    locale: str,
    form: DraftForm,
    *,
    sent: Sent | None = None,
    status: int = 200,
) -> HttpResponse:
    given = request.POST if request.method == "POST" else request.GET
    locales = list(template.variants.values_list("locale", flat=True))
    context: dict[str, Any] = {
        "crumbs": [(_("Templates"), reverse("room-templates"))],
        "template": template,
        "form": form,
        "locale": locale,
        "locales": locales,
        "is_new_locale": locale not in locales,
        "is_email": template.channel == Channel.EMAIL,
        "may_change": may(room, template, "change"),
        "palette": [*PLACEHOLDERS, EMBEDDED],
        "lists": lists_of(template),
        "chosen_list": given.get("list", ""),
        "chosen_contact": given.get("contact", ""),
        "accounts": accounts_of(template),
        "chosen_account": given.get("account", ""),
        "to": given.get("to", room.user.email if template.channel == Channel.EMAIL else ""),
        "sent": sent,
        "versions": template.versions.count(),
    }
    return render_room(
        request, room, "control_room/templates_editor/editor.html", template.name, context, status=status
    )
