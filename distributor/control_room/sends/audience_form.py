"""The page of a send's audience: a list, a condition on what is known of contacts, or people as text."""

from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.contact_fields import ContactFields
from contacts.models import Organization
from distributor.control_room.sends.choices import find_list, lists_of
from distributor.control_room.sends.people_text import read_people
from distributor.rules.requests import Selection

CONDITIONS: Final = 5
SHOWN_FAULTS: Final = 1_000
KINDS: Final = [
    ("list", gettext_lazy("A list")),
    ("filter", gettext_lazy("Everybody of whom this is known")),
    ("people", gettext_lazy("These people")),
]
VALUE_KINDS: Final = [
    ("text", gettext_lazy("text")),
    ("number", gettext_lazy("number")),
    ("yes_no", gettext_lazy("yes or no")),
]


class AudienceForm(forms.Form):
    """After validation either `selection` or `people` is set."""

    audience = forms.ChoiceField(choices=KINDS, initial="list", widget=forms.RadioSelect)
    mailing_list = forms.ChoiceField(required=False)
    other_list = forms.CharField(required=False, max_length=255)
    people = forms.CharField(required=False, widget=forms.Textarea, strip=False)

    def __init__(self, organization: Organization, data: Any = None) -> None:
        super().__init__(data)
        self._organization = organization
        self.selection: Selection | None = None
        self.contacts: list[ContactFields] = []
        self.list_name = ""
        self._field("mailing_list").choices = lists_of(organization)
        for place in range(1, CONDITIONS + 1):
            self.fields[f"key_{place}"] = forms.CharField(required=False, max_length=255)
            self.fields[f"value_{place}"] = forms.CharField(required=False, max_length=255)
            self.fields[f"kind_{place}"] = forms.ChoiceField(required=False, choices=VALUE_KINDS)

    @property
    def conditions(self) -> Iterator[tuple[Any, Any, Any]]:
        """Yield the fields of each condition."""
        for place in range(1, CONDITIONS + 1):
            yield self[f"key_{place}"], self[f"kind_{place}"], self[f"value_{place}"]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = self.cleaned_data
        match given.get("audience"):
            case "list":
                self._read_list(given)
            case "filter":
                self._read_filter(given)
            case "people" if "people" not in self.errors:
                self._read_people(given.get("people", ""))
        return given

    def _field(self, name: str) -> forms.ChoiceField:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        return field

    def _read_list(self, given: dict[str, Any]) -> None:
        named, other = given.get("mailing_list", ""), given.get("other_list", "").strip()
        if named and other:
            self.add_error("other_list", _("Choose one list, or name one."))
        elif not named and not other:
            if "mailing_list" not in self.errors:
                self.add_error("mailing_list", _("Choose a list."))
        elif (found := find_list(self._organization, other or named)) is None:
            self.add_error("other_list" if other else "mailing_list", _("There is no such list."))
        else:
            self.list_name = str(found)
            self.selection = Selection(list_id=found.pk)

    def _read_filter(self, given: dict[str, Any]) -> None:
        data: dict[str, Any] = {}
        for place in range(1, CONDITIONS + 1):
            key, text = given.get(f"key_{place}", ""), given.get(f"value_{place}", "")
            if text and not key:
                self.add_error(f"key_{place}", _("Name what is known."))
            elif key in data:
                self.add_error(f"key_{place}", _("This is there twice."))
            elif key:
                value = self._value(place, given.get(f"kind_{place}") or "text", text)
                if value is not None:
                    data[key] = value
        if data:
            self.selection = Selection(embedded_data=data)
        elif not self.errors:
            self.add_error("key_1", _("Give at least one condition."))

    def _value(self, place: int, kind: str, text: str) -> str | int | float | bool | None:
        """Return the value as JSON has it, since "5" and 5 are two values. None: it is a fault."""
        if kind == "text":
            return text
        if kind == "yes_no":
            known = {"yes": True, "true": True, _("yes"): True, "no": False, "false": False, _("no"): False}
            if (answer := known.get(text.lower())) is None:
                self.add_error(f"value_{place}", _("Enter yes or no."))
            return answer
        try:
            number = float(text.replace(",", "."))
        except ValueError:
            number = float("nan")
        if not abs(number) < 2**53:
            self.add_error(f"value_{place}", _("Enter a number."))
            return None
        return int(number) if number.is_integer() else number

    def _read_people(self, text: str) -> None:
        found = read_people(text, self._organization.phone_region)
        for text_fault in found.text_faults:
            self.add_error("people", text_fault)
        for fault in found.faults[:SHOWN_FAULTS]:
            self.add_error("people", str(fault))
        if len(found.faults) > SHOWN_FAULTS:
            more = len(found.faults) - SHOWN_FAULTS
            self.add_error("people", _("And %(count)s faults more.") % {"count": more})
        self.contacts = [] if found.has_faults else found.contacts


def list_id_of(form: AudienceForm) -> UUID | None:
    """Return the list that the form chooses; None for another audience."""
    return None if form.selection is None else form.selection.list_id
