"""A form field for JSON objects."""

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError


class JsonObjectField(forms.JSONField):
    """Accepts a JSON object without NUL characters, which jsonb cannot store. Shows it indented."""

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        if cleaned is None:
            return {}
        if not isinstance(cleaned, dict):
            raise ValidationError("Enter a JSON object: {…}.")
        if "\\u0000" in json.dumps(cleaned):
            raise ValidationError("NUL characters cannot be stored.")
        return cleaned

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return json.dumps(value, indent=2, ensure_ascii=False, cls=self.encoder)
        return super().prepare_value(value)
