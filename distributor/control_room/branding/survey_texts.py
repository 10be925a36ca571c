"""The texts of a survey's pages, language by language, with a preview of the question."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from channels.locales import choose_locale, is_language_tag
from distributor.control_room.layout.room import Room, render_room, room_page
from distributor.engine.infrastructure.audit import actor_of_user, changes_between, record, snapshot
from distributor.models import Survey
from distributor.models.survey import TEXT_NAMES
from distributor.pages.branding import brand_of
from distributor.pages.forms import AnswerForm
from distributor.rules.wording import Thanks

# Of the survey's own language these have columns of their own; all others stand in `texts`.
_COLUMNS = ("question", "thank_you_message", "thank_you_link_text", "thank_you_link_url")


class TextsForm(forms.Form):
    """The texts in one language. Empty ones are those of the survey's own language, or the standard ones."""

    question = forms.CharField(label=gettext_lazy("Question"), required=False, max_length=500)
    low_end = forms.CharField(label=gettext_lazy("At 0"), required=False, max_length=100)
    high_end = forms.CharField(label=gettext_lazy("At 10"), required=False, max_length=100)
    thank_you_message = forms.CharField(
        label=gettext_lazy("Thanks"), required=False, max_length=10_000, widget=forms.Textarea(attrs={"rows": 4})
    )
    thank_you_link_text = forms.CharField(label=gettext_lazy("Label of a link"), required=False, max_length=255)
    thank_you_link_url = forms.URLField(
        label=gettext_lazy("Where it leads"), required=False, max_length=2000, assume_scheme="https"
    )


@room_page
@require_http_methods(["GET", "POST"])
def edit_survey_texts(request: HttpRequest, room: Room, survey_id: UUID) -> HttpResponse:
    """Show and change the texts of a survey in one language, `locale`."""
    survey = Survey.objects.select_related("organization").filter(pk=survey_id).first()
    if survey is None or not room.allows("distributor.view_survey", survey.organization_id):
        raise Http404
    may_change = room.allows("distributor.change_survey", survey.organization_id)
    if request.method == "POST" and not may_change:
        raise PermissionDenied
    given = request.POST if request.method == "POST" else request.GET
    locale = given.get("locale", "") or survey.default_locale
    form = TextsForm(request.POST) if request.method == "POST" else TextsForm(initial=texts_in(survey, locale))
    if request.method == "POST" and form.is_valid():
        try:
            _save(room, survey, locale, form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            messages.success(request, _("Saved. Pages that are opened from now on have these texts."))
            place = reverse("room-survey-texts", args=[survey.pk])
            return HttpResponseRedirect(f"{place}?{urlencode({'locale': locale})}")
    context = {
        "crumbs": [
            (_("Surveys"), reverse("admin:distributor_survey_changelist")),
            (survey.name, reverse("admin:distributor_survey_change", args=[survey.pk])),
        ],
        "survey": survey,
        "form": form,
        "locale": locale,
        "locales": list(dict.fromkeys([survey.default_locale, *survey.texts])),
        "may_change": may_change,
    }
    status = 400 if form.errors else 200
    return render_room(request, room, "control_room/branding/survey_texts.html", _("Texts"), context, status=status)


@room_page
@require_http_methods(["GET", "POST"])
def preview_survey(request: HttpRequest, room: Room, survey_id: UUID) -> HttpResponse:
    """Show the question's page, or with `page=thanks` the thanks, as saved or as in the form. Writes nothing."""
    survey = Survey.objects.select_related("organization").filter(pk=survey_id).first()
    if survey is None or not room.allows("distributor.view_survey", survey.organization_id):
        raise Http404
    given = request.POST if request.method == "POST" else request.GET
    locale = given.get("locale", "") or survey.default_locale
    if request.method == "POST":
        _put(survey, locale, {name: given.get(name, "") for name in TEXT_NAMES})
    brand = brand_of(survey.organization)
    language = choose_locale(locale, [code for code, _name in settings.LANGUAGES], survey.default_locale)
    texts = survey.texts_for(locale)
    is_thanks = request.GET.get("page") == "thanks"
    context = {
        "survey": survey,
        "organization": survey.organization,
        "texts": texts,
        "thanks": Thanks(texts["thank_you_message"], texts["thank_you_link_text"], texts["thank_you_link_url"]),
        "thank_you_link": texts["thank_you_link_url"],
        "code": "Sample000000",
        "form": AnswerForm(),
        "brand": brand,
        "language": language,
    }
    with translation.override(language):
        answer = render(request, "pages/thanks.html" if is_thanks else "pages/question.html", context)
    policy = brand.policy.replace("frame-ancestors 'none'", "frame-ancestors 'self'")
    answer["Content-Security-Policy"] = policy.replace("form-action 'self'", "form-action 'none'") + "; sandbox"
    answer["Cache-Control"] = "no-store"
    return answer


def texts_in(survey: Survey, locale: str) -> dict[str, str]:
    """Return the texts entered for exactly this language."""
    own = {name: getattr(survey, name) for name in _COLUMNS} if locale == survey.default_locale else {}
    entered = {name: text for name, text in survey.texts.get(locale, {}).items() if text}
    return {**own, **entered}


def _put(survey: Survey, locale: str, given: Mapping[str, str]) -> None:
    """Replace the texts of one language, without saving them."""
    texts = {name: given[name].replace("\r\n", "\n") for name in TEXT_NAMES if given[name]}
    if locale == survey.default_locale:
        for name in _COLUMNS:
            setattr(survey, name, texts.pop(name, ""))
    survey.texts = {name: of_locale for name, of_locale in survey.texts.items() if name != locale}
    if texts:
        survey.texts[locale] = texts


@transaction.atomic
def _save(room: Room, survey: Survey, locale: str, given: Mapping[str, Any]) -> None:
    """Write the texts of one language. Raises ValidationError."""
    if not is_language_tag(locale):
        raise ValidationError(_("Not a language tag. Use BCP 47, for example pl or pt-BR."))
    survey = Survey.objects.select_for_update().get(pk=survey.pk)
    before = snapshot(survey)
    _put(survey, locale, given)
    survey.full_clean()
    survey.save()
    record(actor_of_user(room.user), "changed", survey, changes=changes_between(Survey, before, snapshot(survey)))
