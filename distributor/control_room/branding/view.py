"""The branding of an organisation: logo, colour, privacy policy and postal address."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from contacts.colors import COLOR, DEFAULT_COLOR, READABLE, WHITE, contrast, readable_on
from contacts.models import Branding, Organization
from contacts.models.branding import MAX_LOGO_BYTES, branding_of, image_type, validate_https
from distributor.control_room.branding.upload import takes_a_logo
from distributor.control_room.layout.formats import format_number
from distributor.control_room.layout.room import Room, render_room, room_page
from distributor.engine.infrastructure.audit import actor_of_user, changes_between, record, snapshot

_FIELDS = ("logo_url", "color", "privacy_url", "postal_address")


class BrandingForm(forms.Form):
    """The settings. An uploaded logo replaces the one before; `drop_logo` removes it."""

    logo_url = forms.URLField(
        label=gettext_lazy("Address of the logo"),
        required=False,
        max_length=2000,
        assume_scheme="https",
        validators=[validate_https],
        help_text=gettext_lazy("For example https://acme.example/logo.png. Empty: the uploaded logo."),
    )
    logo = forms.FileField(
        label=gettext_lazy("Or upload a logo"),
        required=False,
        help_text=gettext_lazy("PNG, JPEG, GIF or WebP, at most 200 KB."),
    )
    drop_logo = forms.BooleanField(label=gettext_lazy("Remove the uploaded logo"), required=False)
    color = forms.CharField(
        label=gettext_lazy("Colour"),
        required=False,
        max_length=7,
        help_text=gettext_lazy("Of buttons, for example #1d4ed8. Empty: blue."),
    )
    privacy_url = forms.URLField(
        label=gettext_lazy("Privacy policy"),
        required=False,
        max_length=2000,
        assume_scheme="https",
        validators=[validate_https],
        help_text=gettext_lazy("For example https://acme.example/privacy. Empty: no link."),
    )
    postal_address = forms.CharField(
        label=gettext_lazy("Postal address"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("For the foot of e-mails. Many laws ask for it."),
    )

    def __init__(self, data: Any = None, files: Any = None, *, is_too_large: bool = False, **kwargs: Any) -> None:
        super().__init__(data, files, **kwargs)
        self._is_too_large = is_too_large

    def clean_color(self) -> str:
        color: str = self.cleaned_data["color"].strip().lower()
        if not color:
            return ""
        if not COLOR.fullmatch(color):
            raise ValidationError(_("Write the colour as # and six hexadecimal digits, for example #1d4ed8."))
        ratio = contrast(color, WHITE)
        if ratio < READABLE:
            text = _(
                "White text on %(color)s cannot be read: the contrast is %(ratio)s and must be at least %(least)s. "
                "The nearest colour that can be used is %(nearest)s."
            )
            nearest = readable_on(color, WHITE)
            shown = {"ratio": format_number(ratio, 1), "least": format_number(READABLE, 1)}
            raise ValidationError(text % {"color": color, "nearest": nearest, **shown})
        return color

    def clean_logo(self) -> bytes | None:
        file = self.cleaned_data.get("logo")
        if self._is_too_large or (file and file.size > MAX_LOGO_BYTES):
            raise ValidationError(_("The logo is larger than 200 KB."))
        if not file:
            return None
        content: bytes = file.read()
        if not image_type(content):
            raise ValidationError(_("This is no PNG, JPEG, GIF or WebP image."))
        return content


@takes_a_logo
@room_page
@require_http_methods(["GET", "POST"])
def edit_branding(request: HttpRequest, room: Room, organization_id: UUID) -> HttpResponse:
    """Show and change an organisation's branding. For managers, as all settings of an organisation."""
    organization = Organization.objects.filter(pk=organization_id).first()
    if organization is None or not room.allows("contacts.view_organization", organization_id):
        raise Http404
    may_change = room.allows("contacts.change_organization", organization_id)
    if request.method == "POST" and not may_change:
        raise PermissionDenied
    branding = branding_of(organization_id) or Branding(organization=organization)
    if request.method == "POST":
        given, files = request.POST, request.FILES  # reading them tells whether the file is too large
        form = BrandingForm(given, files, is_too_large=getattr(request, "logo_is_too_large", False))
        if form.is_valid():
            _save(room, organization, form.cleaned_data)
            messages.success(request, _("Saved. The pages of recipients show it from now on."))
            return HttpResponseRedirect(reverse("room-branding", args=[organization_id]))
    else:
        form = BrandingForm(initial={name: getattr(branding, name) for name in _FIELDS})
    context = {
        "organization": organization,
        "branding": branding,
        "logo": branding.logo_url_below(""),
        "form": form,
        "may_change": may_change,
        "color": branding.color or DEFAULT_COLOR,
        "contrast": contrast(branding.color or DEFAULT_COLOR, WHITE),
    }
    status = 400 if form.errors else 200
    title = _("Branding of %(organization)s") % {"organization": organization.name}
    return render_room(request, room, "control_room/branding/branding.html", title, context, status=status)


@transaction.atomic
def _save(room: Room, organization: Organization, given: dict[str, Any]) -> None:
    branding, _is_new = Branding.objects.select_for_update().get_or_create(organization=organization)
    before = snapshot(branding)
    for name in _FIELDS:
        setattr(branding, name, given[name])
    if given["logo"]:
        branding.take_logo(given["logo"])
    elif given["drop_logo"]:
        branding.drop_logo()
    branding.save()
    record(actor_of_user(room.user), "changed", branding, changes=changes_between(Branding, before, snapshot(branding)))


@room_page
@require_http_methods(["GET"])
def show_brandings(request: HttpRequest, room: Room) -> HttpResponse:
    """Lead to the branding of the organisation that is shown, or list those that there are."""
    visible = [each for each in room.shown if room.allows("contacts.view_organization", each.pk)]
    if len(visible) == 1:
        return HttpResponseRedirect(reverse("room-branding", args=[visible[0].pk]))
    context = {"organizations": visible}
    return render_room(request, room, "control_room/branding/organizations.html", _("Branding"), context)
