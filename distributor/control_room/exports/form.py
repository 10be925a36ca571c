"""The form of a new export: its format, its columns and its time."""

from datetime import datetime
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from distributor.engine.exports.kinds import KINDS
from distributor.engine.exports.recipients import STATES
from distributor.models.export import ExportFormat, ExportKind

TITLES: Final = {
    ExportKind.RECIPIENTS: _("Recipients"),
    ExportKind.RESPONSES: _("Responses"),
    ExportKind.CONTACTS: _("Contacts"),
    ExportKind.SUPPRESSIONS: _("Suppressions"),
    ExportKind.LINKS: _("Links"),
    ExportKind.AUDIT: _("Audit log"),
}
STATE_TITLES: Final = {
    "queued": _("waiting for a worker"),
    "running": _("being written"),
    "ready": _("ready"),
    "failed": _("failed"),
    "withdrawn": _("deleted, because a person in it was erased"),
    "expired": _("deleted after 7 days"),
}


class ExportForm(forms.Form):
    """`columns` are the columns to choose from, all of them chosen at first."""

    format = forms.ChoiceField(
        label=_("Format"), choices=ExportFormat.choices, initial=ExportFormat.XLSX, widget=forms.RadioSelect
    )
    states = forms.MultipleChoiceField(
        label=_("Only these states"),
        choices=[(state, state) for state in STATES],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    since = forms.DateTimeField(
        label=_("From"), required=False, widget=forms.DateTimeInput({"type": "datetime-local"}, "%Y-%m-%dT%H:%M")
    )
    before = forms.DateTimeField(
        label=_("To"), required=False, widget=forms.DateTimeInput({"type": "datetime-local"}, "%Y-%m-%dT%H:%M")
    )
    columns = forms.MultipleChoiceField(
        label=_("Columns"), widget=forms.CheckboxSelectMultiple, error_messages={"required": _("Choose a column.")}
    )

    def __init__(self, data: Any, kind: str, columns: list[str]) -> None:
        super().__init__(data, initial={"columns": columns})
        chosen: Any = self.fields["columns"]
        chosen.choices = [(name, name) for name in columns]
        for name in {"states", "since", "before"} - KINDS[kind].filters:
            del self.fields[name]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = self.cleaned_data
        since: datetime | None = given.get("since")
        before: datetime | None = given.get("before")
        if since is not None and before is not None and since >= before:
            self.add_error("before", _("This must be later than the beginning."))
        return given
