"""All templates of the organisations that are shown, and a new one."""

from collections.abc import Sequence
from uuid import UUID

from django import forms
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.models import Template
from channels.starting_texts import sender_of, starting_texts
from channels.templates import create_template
from contacts.channel import Channel
from contacts.models import Organization
from distributor.control_room.layout.room import Room, render_room, room_page
from distributor.control_room.templates_editor.draft import checked_locale
from distributor.engine.infrastructure.audit import actor_of_user, record

MOST_TEMPLATES = 500


class NewTemplate(forms.Form):
    """What a template needs to begin with. Its texts come from the base layout."""

    organization = forms.ChoiceField(label=gettext_lazy("Organisation"))
    channel = forms.ChoiceField(label=gettext_lazy("Channel"), choices=Channel.choices)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=255)
    locale = forms.CharField(
        label=gettext_lazy("Language"),
        max_length=35,
        help_text=gettext_lazy("BCP 47, for example pl or pt-BR."),
    )

    def __init__(self, organizations: Sequence[Organization], *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # as Form takes them
        choice = self.fields["organization"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [(str(organization.pk), organization.name) for organization in organizations]
        if len(organizations) == 1:
            choice.widget, choice.initial = forms.HiddenInput(), str(organizations[0].pk)

    def clean_locale(self) -> str:
        locale: str = self.cleaned_data["locale"]
        return checked_locale(locale)


@room_page
def show_templates(request: HttpRequest, room: Room) -> HttpResponse:
    """List templates with their languages and versions. POST makes a new one and opens it."""
    addable = [each for each in room.shown if room.allows("channels.add_template", each.pk)]
    if request.method == "POST" and not addable:
        raise PermissionDenied
    form = NewTemplate(addable, request.POST if request.method == "POST" else None, initial={"locale": "en"})
    if request.method == "POST" and form.is_valid():
        return HttpResponseRedirect(reverse("room-template", args=[_create(room, form.cleaned_data)]))
    visible = [each.pk for each in room.shown if room.allows("channels.view_template", each.pk)]
    rows = Template.objects.filter(organization__in=visible).select_related("organization")
    context = {
        "templates": rows.annotate(saved_at=Max("versions__saved_at"))
        .prefetch_related("variants")
        .order_by("name", "pk")[:MOST_TEMPLATES],
        "form": form if addable else None,
    }
    return render_room(request, room, "control_room/templates_editor/catalogue.html", _("Templates"), context)


@transaction.atomic
def _create(room: Room, given: dict[str, str]) -> UUID:
    organization = Organization.objects.get(pk=given["organization"])
    texts = {given["locale"]: starting_texts(given["channel"], given["locale"], sender_of(organization))}
    actor = actor_of_user(room.user)
    template = create_template(organization, given["name"], given["channel"], texts, saved_by=actor.name)
    record(actor, "created", template)
    return template.pk
