"""Form fields for a provider's settings (channels/providers/configuration.py:Setting)."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from channels.providers.configuration import Input, Setting

PREFIX = "setting_"


class MappingField(forms.CharField):
    """Texts by name, one “name = text” on each line."""

    widget = forms.Textarea(attrs={"rows": 4, "class": "vLargeTextField"})

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return "\n".join(f"{name} = {text}" for name, text in value.items())

    def to_python(self, value: Any) -> Any:
        lines = [line.strip() for line in str(value or "").splitlines()]
        pairs: dict[str, str] = {}
        faults = []
        for number, line in enumerate(lines, start=1):
            # An address may contain “=”, so the first one between spaces counts.
            name, sign, text = line.partition(" = ") if " = " in line else line.partition("=")
            if line and not (sign and name.strip()):
                faults.append(f"Line {number}: write “name = text”.")
            elif name.strip() in pairs:
                faults.append(f"Line {number}: “{name.strip()}” is there twice.")
            elif line:
                pairs[name.strip()] = text.strip()
        if faults:
            raise ValidationError(faults)
        return pairs


def setting_fields(settings: Mapping[str, Setting], stored: Mapping[str, Any]) -> dict[str, forms.Field]:
    """Return a field for each setting, with its stored value, by “setting_” and the setting's name."""
    return {PREFIX + name: _field(setting, stored.get(name)) for name, setting in settings.items()}


def configuration_of(settings: Mapping[str, Setting], cleaned: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration that a form's fields hold. Empty ones are left out."""
    values = {name: cleaned.get(PREFIX + name) for name in settings}
    return {name: value for name, value in values.items() if value not in (None, "", {})}


def _field(setting: Setting, value: Any) -> forms.Field:
    given: dict[str, Any] = {
        "label": setting.label,
        "help_text": setting.help_text,
        "required": setting.is_required,
        "initial": value,
    }
    line, small = {"class": "vTextField"}, {"class": "vIntegerField"}
    match setting.input:
        case Input.LINE:
            return forms.CharField(widget=forms.TextInput(attrs=line), **given)
        case Input.TEXT:
            return forms.CharField(widget=forms.Textarea(attrs={"rows": 4, "class": "vLargeTextField"}), **given)
        case Input.WHOLE_NUMBER:
            return forms.IntegerField(widget=forms.NumberInput(attrs=small), **given)
        case Input.NUMBER:
            return forms.FloatField(widget=forms.NumberInput(attrs=small | {"step": "any"}), **given)
        case Input.CHOICE:
            return forms.ChoiceField(choices=[("", "---------"), *((each, each) for each in setting.choices)], **given)
        case Input.MAPPING:
            return MappingField(**given)
