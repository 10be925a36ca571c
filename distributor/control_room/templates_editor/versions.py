"""Versions of a template: what each says, how it differs from the one before, and restoring it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from channels.models import Template, TemplateVersion
from channels.template_versions import AllTexts, version_at
from channels.templates import change_template
from distributor.control_room.layout.room import Room, render_room, room_page
from distributor.control_room.templates_editor.rows import find_template, may
from distributor.engine.infrastructure.audit import CHANGED, actor_of_user, record

MOST_VERSIONS = 200
# Unchanged lines that are shown around a change.
_AROUND: Final = 3
# Lines of one text times lines of the other: comparing can take that many steps. Longer texts are shown whole.
_MOST_COMPARED: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a comparison. `kind` is kept, added, removed or skipped."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """How one text of one language changed."""

    locale: str
    name: str
    lines: list[Line]


@room_page
@require_safe
def show_versions(request: HttpRequest, room: Room, template_id: UUID) -> HttpResponse:
    """List the versions. `at` leads to the one that messages had at that moment, in the time zone of the page."""
    template = find_template(room, template_id)
    if asked := request.GET.get("at"):
        found = _version_at(template, asked)
        if found is not None:
            return HttpResponseRedirect(reverse("room-template-version", args=[template.pk, found.number]))
        messages.warning(request, _("There is no version of that moment."))
    context = {
        "crumbs": _crumbs(template),
        "template": template,
        "versions": template.versions.defer("texts")[:MOST_VERSIONS],
    }
    return render_room(request, room, "control_room/templates_editor/versions.html", _("Versions"), context)


def _version_at(template: Template, asked: str) -> TemplateVersion | None:
    try:
        moment = datetime.fromisoformat(asked)
        return version_at(template.pk, moment if moment.tzinfo else timezone.make_aware(moment))
    except (ValueError, OverflowError):
        return None


@room_page
@require_http_methods(["GET", "POST"])
def show_version(request: HttpRequest, room: Room, template_id: UUID, number: int) -> HttpResponse:
    """Show a version beside the one before it, and beside the present texts. POST restores it as a new version."""
    template = find_template(room, template_id, "change" if request.method == "POST" else "view")
    kept = {
        version.number: version
        for version in template.versions.filter(number__in=[number - 1, number] if number > 0 else [])
    }
    version, latest = kept.get(number), template.versions.first()
    if version is None or latest is None:
        raise Http404
    if request.method == "POST":
        _restore(room, template, version)
        messages.success(request, _("Version %(number)d is restored.") % {"number": number})
        return HttpResponseRedirect(reverse("room-template", args=[template.pk]))
    before = kept[number - 1].texts if number - 1 in kept else {}
    context = {
        "crumbs": [*_crumbs(template), (_("Versions"), reverse("room-template-versions", args=[template.pk]))],
        "template": template,
        "version": version,
        "is_latest": version.number == latest.number,
        "changes": list(differences(before, version.texts)),
        "to_present": list(differences(version.texts, latest.texts)),
        "may_change": may(room, template, "change"),
    }
    title = _("Version %(number)d") % {"number": number}
    return render_room(request, room, "control_room/templates_editor/version.html", title, context)


@transaction.atomic
def _restore(room: Room, template: Template, version: TemplateVersion) -> None:
    """Write a version's texts. Languages that it does not have are removed."""
    actor = actor_of_user(room.user)
    others: Mapping[str, None] = dict.fromkeys(template.variants.values_list("locale", flat=True))
    change_template(
        template.pk,
        {},
        {**others, **version.texts},
        saved_by=actor.name,
        restored_from=version.number,
    )
    record(actor, "changed", template, changes={"variants": [CHANGED, CHANGED]})


def differences(before: AllTexts, after: AllTexts) -> Iterator[Difference]:
    """Yield each text that differs, by language."""
    for locale in sorted({*before, *after}):
        old, new = before.get(locale, {}), after.get(locale, {})
        for name in ("subject", "html", "text"):
            if old.get(name, "") != new.get(name, ""):
                yield Difference(locale, name, list(_compare(old.get(name, ""), new.get(name, ""))))


def _compare(before: str, after: str) -> Iterator[Line]:
    old, new = before.splitlines(), after.splitlines()
    if len(old) * len(new) > _MOST_COMPARED:
        yield from (Line("removed", line) for line in old)
        yield from (Line("added", line) for line in new)
        return
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for place, group in enumerate(matcher.get_grouped_opcodes(_AROUND)):
        if place:
            yield Line("skipped", "…")
        for kind, old_from, old_until, new_from, new_until in group:
            if kind == "equal":
                yield from (Line("kept", line) for line in old[old_from:old_until])
                continue
            yield from (Line("removed", line) for line in old[old_from:old_until])
            yield from (Line("added", line) for line in new[new_from:new_until])


def _crumbs(template: Template) -> list[tuple[str, str]]:
    return [
        (_("Templates"), reverse("room-templates")),
        (template.name, reverse("room-template", args=[template.pk])),
    ]
