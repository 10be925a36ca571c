"""The form of the built-in question."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

COMMENT_MAX_LENGTH = 5_000


class _Comment(forms.CharField):
    """Counts a line break as one character, as the browser does, although it sends two (CR LF)."""

    def to_python(self, value: Any) -> str:
        text: str = super().to_python(value) or ""
        return text.replace("\r\n", "\n")


class AnswerForm(forms.Form):
    """A score from 0 to 10 and a comment of up to 5,000 characters."""

    # The browser would show its own messages, in its own language instead of the page's.
    use_required_attribute = False

    score = forms.TypedChoiceField(
        choices=[(number, str(number)) for number in range(11)],
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose a number from 0 to 10."),
            "invalid_choice": _("Choose a number from 0 to 10."),
        },
    )
    comment = _Comment(
        required=False,
        max_length=COMMENT_MAX_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"max_length": _("Write at most 5,000 characters.")},
    )
