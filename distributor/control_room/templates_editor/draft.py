"""The texts of one locale as they stand in the editor's form, saved or not."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from channels.locales import is_language_tag
from channels.models import Template, TemplateVariant
from channels.models.template import MAX_TEXT_LENGTH
from channels.rendering import CompiledVariant, compile_variant
from channels.starting_texts import sender_of, starting_texts
from channels.template_versions import TEXT_NAMES
from contacts.channel import Channel


class _Lines(forms.CharField):
    """A text of several lines. Browsers send CR LF for a line break; templates have LF."""

    widget = forms.Textarea(attrs={"rows": 12, "spellcheck": "true"})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strip=False, max_length=MAX_TEXT_LENGTH, **kwargs)

    def to_python(self, value: Any) -> str:
        text: str = super().to_python(value) or ""
        return text.replace("\r\n", "\n")


class DraftForm(forms.Form):
    """The fields of the editor. Only e-mail has a subject and HTML. `version` is the latest one when it was shown."""

    use_required_attribute = False  # a preview needs no whole text

    locale = forms.CharField(max_length=35, widget=forms.HiddenInput)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    subject = forms.CharField(max_length=255, label=_("Subject"))
    html = _Lines(required=False, label=_("HTML part"))
    text = _Lines(label=_("Text"))

    def __init__(self, template: Template, data: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.template = template
        if template.channel == Channel.EMAIL:
            self.fields["text"].label = _("Plain-text part")
        else:
            del self.fields["subject"]
            del self.fields["html"]
        for name in ("html", "text"):
            if name in self.fields:
                self.fields[name].widget.attrs["aria-describedby"] = "palette"

    def clean_locale(self) -> str:
        locale: str = self.cleaned_data["locale"]
        return checked_locale(locale)

    def clean(self) -> None:
        """Refuse what the model refuses: unknown placeholders, and a subject of several lines."""
        try:
            TemplateVariant(**self.texts).clean()
        except ValidationError as error:
            self.add_error(None, error)

    @property
    def texts(self) -> dict[str, str]:
        """The texts as they were given, also those that are refused."""
        given = {name: self.data.get(name, "") if self.is_bound else self.initial.get(name, "") for name in TEXT_NAMES}
        known = {name: str(text).replace("\r\n", "\n") for name, text in given.items() if name in self.fields}
        return {name: known.get(name, "") for name in TEXT_NAMES}


def checked_locale(locale: str) -> str:
    """Return a language tag. Raises ValidationError."""
    if not is_language_tag(locale):
        raise ValidationError(_("Not a language tag. Use BCP 47, for example pl or pt-BR."))
    return locale


def stored_texts(template: Template, locale: str) -> dict[str, str] | None:
    """Return a locale's texts as they are saved; None if there are none. Letter case makes no difference."""
    variant = template.variants.filter(locale__iexact=locale).first()
    return {name: getattr(variant, name) for name in TEXT_NAMES} if variant is not None else None


def texts_to_begin_with(template: Template, locale: str) -> dict[str, str]:
    """Return what a new locale starts with: the base layout with the organisation's branding."""
    return starting_texts(template.channel, locale, sender_of(template.organization))


def compiled(locale: str, texts: Mapping[str, str]) -> CompiledVariant:
    return compile_variant(locale, texts["subject"], texts["html"], texts["text"])
