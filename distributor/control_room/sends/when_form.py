"""The page of a send's times: now, at a time, or again and again."""

from datetime import datetime, timedelta
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from distributor.control_room.sends.choices import WEEKDAYS as WEEKDAY_NAMES
from distributor.rules.timing.recurrence import parse_cron

WEEKDAYS: Final = list(zip(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), WEEKDAY_NAMES.values(), strict=True))
_LONGEST: Final = timedelta(days=3_650)


def _moment_field() -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(required=False, widget=widget)


class WhenForm(forms.Form):
    """Times are in the time zone that the page names. After validation `cron` is "" or the schedule."""

    when = forms.ChoiceField(
        choices=[
            ("now", gettext_lazy("Now")),
            ("at", gettext_lazy("At this time")),
            ("recurring", gettext_lazy("Again and again")),
        ],
        initial="now",
        widget=forms.RadioSelect,
    )
    at = _moment_field()
    not_after = _moment_field()
    expires_at = _moment_field()
    repeats = forms.ChoiceField(
        required=False,
        choices=[
            ("weekly", gettext_lazy("every week, on")),
            ("daily", gettext_lazy("every day")),
            ("monthly", gettext_lazy("every month, on day")),
            ("cron", gettext_lazy("as this cron expression says")),
        ],
    )
    weekdays = forms.MultipleChoiceField(required=False, choices=WEEKDAYS, widget=forms.CheckboxSelectMultiple)
    day = forms.IntegerField(required=False, min_value=1, max_value=31)
    time_of_day = forms.TimeField(
        required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"), initial="09:00"
    )
    cron = forms.CharField(required=False, max_length=100)
    links_expire_after_days = forms.IntegerField(required=False, min_value=1, max_value=3_650)

    def __init__(self, data: Any, now: datetime) -> None:
        super().__init__(data)
        self._now = now
        self.schedule = ""

    @property
    def is_recurring(self) -> bool:
        return bool(self.is_bound and self.data.get("when") == "recurring")

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = self.cleaned_data
        match given.get("when"):
            case "at":
                if given.get("at") is None and "at" not in self.errors:
                    self.add_error("at", _("Say when."))
                elif given.get("at") and given["at"] > self._now + _LONGEST:
                    self.add_error("at", _("At most ten years from now."))
                self._check_ends(given)
            case "now":
                given["at"] = None
                self._check_ends(given)
            case "recurring":
                self._read_schedule(given)
        return given

    def _check_ends(self, given: dict[str, Any]) -> None:
        begins_at = max(given.get("at") or self._now, self._now)
        for name in ("not_after", "expires_at"):
            if given.get(name) and given[name] <= begins_at:
                self.add_error(name, _("This is before the send begins: nothing would be sent."))

    def _read_schedule(self, given: dict[str, Any]) -> None:
        at, repeats = given.get("time_of_day"), given.get("repeats") or "weekly"
        if repeats != "cron" and at is None and "time_of_day" not in self.errors:
            self.add_error("time_of_day", _("Say at which time, such as 09:00."))
        if repeats == "weekly" and not given.get("weekdays") and "weekdays" not in self.errors:
            self.add_error("weekdays", _("Choose at least one day."))
        if repeats == "monthly" and given.get("day") is None and "day" not in self.errors:
            self.add_error("day", _("Say on which day of the month, from 1 to 31."))
        for name in ("not_after", "expires_at"):
            if given.get(name):
                self.add_error(name, _("A recurring send has no such time. Give the days after which links end."))
        if self.errors:
            return
        if repeats == "cron":
            self._read_cron(given.get("cron", ""))
            return
        assert at is not None
        days, weekdays = "*", "*"
        if repeats == "weekly":
            weekdays = ",".join(given["weekdays"])
        elif repeats == "monthly":
            days = str(given["day"])
        self.schedule = f"{at.minute} {at.hour} {days} * {weekdays}"

    def _read_cron(self, expression: str) -> None:
        try:
            parse_cron(expression)
        except ValueError as error:
            self.add_error("cron", _("Not a cron expression: %(fault)s.") % {"fault": error})
        else:
            self.schedule = expression
