"""The first page of a send, its survey and name, and the page of its rules."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.models import Organization
from distributor.control_room.sends.choices import UNITS, surveys_of, units
from distributor.rules.requests import DEFAULT_RECENT_DAYS, AudienceRules, Throttle
from distributor.rules.timing.throttle import ThrottlePolicy


class SurveyForm(forms.Form):
    survey = forms.ChoiceField()
    name = forms.CharField(required=False, max_length=200)

    def __init__(self, organization: Organization, data: Any = None) -> None:
        super().__init__(data)
        field = self.fields["survey"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices = surveys_of(organization)
        self.has_surveys = len(choices) > 1


class RulesForm(forms.Form):
    """Who is left out or waits, and how often links may be used."""

    respect_frequency_rules = forms.BooleanField(required=False, initial=True)
    recent_contact_days = forms.IntegerField(required=False, min_value=1, max_value=365)
    throttle = forms.IntegerField(required=False, min_value=0)
    throttle_unit = forms.ChoiceField(required=False, initial="days")
    throttle_policy = forms.ChoiceField(
        required=False,
        choices=[("defer", gettext_lazy("send later")), ("skip", gettext_lazy("leave out"))],
    )
    link_type = forms.ChoiceField(
        choices=[
            ("one_time", gettext_lazy("Once")),
            ("multiple", gettext_lazy("Several times")),
            ("anonymous", gettext_lazy("Once, and the response is stored without the person")),
        ],
        initial="one_time",
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        field = self.fields["throttle_unit"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = units()

    def clean_throttle(self) -> int | None:
        number: int | None = self.cleaned_data.get("throttle")
        if number is not None and number * UNITS[self.data.get("throttle_unit") or "days"] > 525_600:
            raise forms.ValidationError(_("At most a year."))
        return number

    @property
    def audience_rules(self) -> AudienceRules:
        days = self.cleaned_data.get("recent_contact_days")
        return AudienceRules(
            respect_frequency_rules=self.cleaned_data["respect_frequency_rules"],
            exclude_recently_contacted=days is not None,
            recent_contact_days=days or DEFAULT_RECENT_DAYS,
        )

    @property
    def own_throttle(self) -> Throttle | None:
        """The throttle of this send; None: the survey's, or the organisation's."""
        number = self.cleaned_data.get("throttle")
        if number is None:
            return None
        minutes = number * UNITS[self.cleaned_data.get("throttle_unit") or "days"]
        return Throttle(timedelta(minutes=minutes), ThrottlePolicy(self.cleaned_data.get("throttle_policy") or "defer"))
