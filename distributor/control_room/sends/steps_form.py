"""The page of a send's messages: which channel, account and template, in which order, and what follows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.models import ProviderAccount, Template
from channels.rendering import unknown_placeholders
from contacts.channel import Channel
from contacts.models import Organization
from distributor.control_room.sends.choices import CHANNELS, UNITS, accounts_of, templates_of, units
from distributor.rules.journey.chain import StepKind
from distributor.rules.requests import StepRequest

MAX_STEPS: Final = 10
FIRST_ROWS: Final = 2
_MAX_MINUTES: Final = 525_600
KINDS: Final = [
    ("invitation", gettext_lazy("invitation")),
    ("reminder", gettext_lazy("reminder")),
    ("thank_you", gettext_lazy("thank-you")),
]


@dataclass(frozen=True, slots=True)
class StepRow:
    """The fields of one step, counted from 1."""

    number: int
    kind: Any
    account: Any
    template: Any
    delay: Any
    unit: Any
    subject: Any

    @property
    def fields(self) -> list[Any]:
        return [self.kind, self.account, self.template, self.delay, self.unit, self.subject]


class StepsForm(forms.Form):
    """After validation `steps` has the steps of the rows that are filled in, in the order of the rows."""

    mode = forms.ChoiceField(
        choices=[
            ("single", gettext_lazy("One invitation: by the first channel on which the person has an address")),
            ("multi", gettext_lazy("One invitation after the other, until the person responds")),
        ],
        initial="single",
        widget=forms.RadioSelect,
    )
    stops_on = forms.ChoiceField(
        choices=[
            ("response", gettext_lazy("a response")),
            ("opened", gettext_lazy("a response, or opening a message")),
            ("delivered", gettext_lazy("a response, or delivery of a message")),
        ],
        initial="response",
    )

    def __init__(self, organization: Organization, data: Any = None, rows: int = FIRST_ROWS) -> None:
        super().__init__(data)
        self._organization = organization
        self.row_count = min(max(rows, 1), MAX_STEPS)
        self.steps: list[StepRequest] = []
        accounts, templates = accounts_of(organization), templates_of(organization)
        for number in range(1, self.row_count + 1):
            self.fields[f"kind_{number}"] = forms.ChoiceField(choices=KINDS, required=False)
            self.fields[f"account_{number}"] = forms.ChoiceField(choices=accounts, required=False)
            self.fields[f"template_{number}"] = forms.ChoiceField(choices=templates, required=False)
            self.fields[f"delay_{number}"] = forms.IntegerField(required=False, min_value=0)
            self.fields[f"unit_{number}"] = forms.ChoiceField(choices=units(), required=False, initial="days")
            self.fields[f"subject_{number}"] = forms.CharField(max_length=255, required=False)

    @property
    def rows(self) -> Iterator[StepRow]:
        names = ("kind", "account", "template", "delay", "unit", "subject")
        for number in range(1, self.row_count + 1):
            yield StepRow(number, *(self[f"{name}_{number}"] for name in names))

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = self.cleaned_data
        channels = self._channels(given)
        for number in range(1, self.row_count + 1):
            if any(given.get(f"{name}_{number}") not in ("", None) for name in ("account", "template", "delay")):
                self._read_row(number, given, channels)
        if not self.errors and not any(step.kind is StepKind.INVITATION for step in self.steps):
            self.add_error(None, _("At least one step must be an invitation: choose its account and its template."))
        return given

    def _channels(self, given: dict[str, Any]) -> dict[str, str]:
        """Return the channels of the chosen accounts and templates by id."""
        found: dict[str, str] = {}
        for model, name in ((ProviderAccount, "account"), (Template, "template")):
            chosen = [given.get(f"{name}_{number}") for number in range(1, self.row_count + 1)]
            ids = {str(each) for each in chosen if each}
            rows: Any = model._default_manager.filter(organization=self._organization, pk__in=ids)
            found |= {str(pk): channel for pk, channel in rows.values_list("pk", "channel")}
        return found

    def _read_row(self, number: int, given: dict[str, Any], channels: dict[str, str]) -> None:
        account, template = given.get(f"account_{number}", ""), given.get(f"template_{number}", "")
        for name, value in (("account", account), ("template", template)):
            if not value and f"{name}_{number}" not in self.errors:
                text = _("Choose an account.") if name == "account" else _("Choose a template.")
                self.add_error(f"{name}_{number}", text)
        channel = channels.get(account, "")
        if channel and template in channels and channels[template] != channel:
            text = _("This template is for %(template)s, and the account for %(account)s.")
            values = {"template": CHANNELS[channels[template]], "account": CHANNELS[channel]}
            self.add_error(f"template_{number}", text % values)
        self._check_subject(number, given.get(f"subject_{number}", ""), channel)
        kind = StepKind(given.get(f"kind_{number}") or StepKind.INVITATION)
        minutes = self._minutes(number, kind, given)
        if any(f"{name}_{number}" in self.errors for name in ("kind", "account", "template", "delay", "subject")):
            return
        is_invitation = kind is StepKind.INVITATION
        self.steps.append(
            StepRequest(
                channel=channel,
                provider_account_id=UUID(account),
                template_id=UUID(template),
                # Steps of a kind go in the order of their rows.
                priority=1 + sum(step.kind is kind for step in self.steps),
                subject=given.get(f"subject_{number}", ""),
                kind=kind,
                fallback_delay_minutes=minutes if is_invitation else None,
                delay_minutes=None if is_invitation else minutes,
            )
        )

    def _check_subject(self, number: int, subject: str, channel: str) -> None:
        if subject and channel and channel != Channel.EMAIL:
            self.add_error(f"subject_{number}", _("Only e-mail has a subject."))
        if unknown := unknown_placeholders(subject):
            text = _("Unknown placeholder: %(placeholders)s.") % {"placeholders": ", ".join(unknown[:10])}
            self.add_error(f"subject_{number}", text)

    def _minutes(self, number: int, kind: StepKind, given: dict[str, Any]) -> int | None:
        delay = given.get(f"delay_{number}")
        name = f"delay_{number}"
        if delay is None:
            if kind is not StepKind.INVITATION and name not in self.errors:
                self.add_error(name, _("Say how long after: 0 is at once."))
            return None
        minutes = int(delay) * UNITS[given.get(f"unit_{number}") or "days"]
        if minutes > _MAX_MINUTES:
            self.add_error(name, _("At most a year."))
        elif kind is StepKind.REMINDER and minutes == 0:
            self.add_error(name, _("A reminder is sent at least a minute after the message before it."))
        return minutes


def row_count_of(data: Any) -> int:
    """Return how many rows the posted steps have."""
    numbers = [name.rpartition("_")[2] for name in data or () if name.startswith("kind_")]
    return max([int(number) for number in numbers if number.isdecimal()] or [FIRST_ROWS])
