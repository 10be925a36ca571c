"""From a draft's answers to the request that the engine accepts, and the faults that only several pages show."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _

from contacts.models import Organization
from distributor.control_room.sends.audience_form import AudienceForm, list_id_of
from distributor.control_room.sends.draft import Draft
from distributor.control_room.sends.other_forms import RulesForm, SurveyForm
from distributor.control_room.sends.steps_form import StepsForm, row_count_of
from distributor.control_room.sends.when_form import WhenForm
from distributor.models import RecurringDistribution, RecurringStep, Survey
from distributor.rules.journey.chain import StepKind, StopsOn
from distributor.rules.requests import DistributionRequest, LinkType, Selection

PAGES: Final = ("survey", "audience", "messages", "when", "rules", "check")
FORMS: Final = PAGES[:-1]
SOURCE: Final = "control room"


@dataclass
class Plan:
    """The forms of a draft's pages, each made when it is needed. Those that were answered are bound to the answers."""

    organization: Organization
    draft: Draft
    now: datetime

    @cached_property
    def survey(self) -> SurveyForm:
        return SurveyForm(self.organization, self.draft.data_of("survey"))

    @cached_property
    def audience(self) -> AudienceForm:
        return AudienceForm(self.organization, self.draft.data_of("audience"))

    @cached_property
    def messages(self) -> StepsForm:
        given = self.draft.data_of("messages")
        return StepsForm(self.organization, given, row_count_of(given))

    @cached_property
    def when(self) -> WhenForm:
        return WhenForm(self.draft.data_of("when"), self.now)

    @cached_property
    def rules(self) -> RulesForm:
        return RulesForm(self.draft.data_of("rules"))

    def form(self, page: str) -> forms.Form:
        form: forms.Form = getattr(self, page)
        return form

    def first_fault(self) -> str | None:
        """Return the first page that is not answered well; None if all are."""
        is_valid = [self.form(page).is_valid() for page in FORMS]
        if all(is_valid):
            self._check_together()
            is_valid = [not self.form(page).errors for page in FORMS]
        return next((page for page, is_fine in zip(FORMS, is_valid, strict=True) if not is_fine), None)

    @property
    def is_recurring(self) -> bool:
        return self.when.is_recurring

    @property
    def name(self) -> str:
        """The name given, or the survey's."""
        return self.survey.cleaned_data["name"] or Survey.objects.only("name").get(pk=self._survey_id).name[:200]

    @property
    def selection(self) -> Selection | None:
        return self.audience.selection

    def request(self) -> DistributionRequest:
        when, messages = self.when.cleaned_data, self.messages.cleaned_data
        return DistributionRequest(
            source=SOURCE,
            survey_id=self._survey_id,
            contacts=self.audience.contacts,
            steps=self.messages.steps,
            is_multi=messages["mode"] == "multi",
            scheduled_at=when.get("at"),
            not_after=when.get("not_after"),
            expires_at=when.get("expires_at"),
            name=self.name,
            audience=self.rules.audience_rules,
            throttle=self.rules.own_throttle,
            link_type=LinkType(self.rules.cleaned_data["link_type"]),
            stops_on=StopsOn(messages["stops_on"]),
            idempotency_key=self.draft.key,
        )

    def recurring(self) -> tuple[RecurringDistribution, list[RecurringStep]]:
        """Return the recurring distribution and its steps, not saved. The draft's key is its id."""
        rules, list_id = self.rules.cleaned_data, list_id_of(self.audience)
        assert list_id is not None, "first_fault() asks for a list"
        row = RecurringDistribution(
            id=self.draft.key,
            organization=self.organization,
            name=self.name,
            survey_id=self._survey_id,
            mailing_list_id=list_id,
            mode=self.messages.cleaned_data["mode"],
            cron=self.when.schedule,
            respect_frequency_rules=rules["respect_frequency_rules"],
            recent_contact_days=rules["recent_contact_days"],
            links_expire_after_days=self.when.cleaned_data["links_expire_after_days"],
        )
        steps = [
            RecurringStep(
                priority=step.priority,
                provider_account_id=step.provider_account_id,
                template_id=step.template_id,
                fallback_delay_minutes=step.fallback_delay_minutes,
            )
            for step in self.messages.steps
        ]
        return row, steps

    @property
    def _survey_id(self) -> UUID:
        return UUID(self.survey.cleaned_data["survey"])

    def _check_together(self) -> None:
        """Add what contradicts an answer of another page to the page where it arises."""
        kinds = {step.kind for step in self.messages.steps}
        if self.rules.cleaned_data["link_type"] == LinkType.ANONYMOUS and StepKind.THANK_YOU in kinds:
            text = _("Responses through anonymous links have no contact, so nobody can be thanked.")
            self.rules.add_error("link_type", text)
        if not self.is_recurring:
            return
        if list_id_of(self.audience) is None:
            self.audience.add_error("audience", _("A recurring send goes to a list: who is on it at that time."))
        if kinds != {StepKind.INVITATION}:
            self.messages.add_error(None, _("A recurring send has invitations only, no reminders and no thank-yous."))
        if any(step.subject for step in self.messages.steps):
            self.messages.add_error(None, _("A recurring send has the subjects of its templates."))
        if self.messages.cleaned_data["stops_on"] != StopsOn.RESPONSE:
            self.messages.add_error("stops_on", _("Only a response stops a recurring send."))
        if self.rules.cleaned_data["link_type"] != LinkType.ONE_TIME:
            self.rules.add_error("link_type", _("Links of a recurring send are used once."))
        if self.rules.cleaned_data["throttle"] is not None:
            self.rules.add_error("throttle", _("A recurring send has the rule of its survey."))


def place_refusal(plan: Plan, faults: Mapping[str, list[str]]) -> str:
    """Put what the engine refused onto its pages. Return the first of them."""
    for page, texts in faults.items():
        for text in texts:
            plan.form(page).add_error(None, text)
    return next(page for page in PAGES if page in faults)


def refusal_faults(refusal: Any) -> dict[str, list[str]]:
    """Return the faults of UnknownReferencesError or TooManyDataKeysError in words, by page."""
    found: dict[str, list[str]] = {}
    pages = {"survey": "survey", "list": "audience", "provider": "messages", "template": "messages"}
    texts = {
        "not_found": _("%(what)s does not exist any more. Choose another one."),
        "inactive": _("%(what)s was switched off. Choose another one."),
        "wrong_channel": _("%(what)s is for another channel now. Choose another one."),
    }
    names = {
        "survey": _("The survey"),
        "list": _("The list"),
        "provider": _("The account of message %(number)s"),
        "template": _("The template of message %(number)s"),
    }
    for fault in getattr(refusal, "faults", ()):
        what = names[fault.what] % {"number": (fault.step or 0) + 1}
        found.setdefault(pages[fault.what], []).append(texts[fault.code] % {"what": what})
    for key in getattr(refusal, "keys", ()):
        text = _("%(person)s would have more than 200 kinds of data.") % {"person": key}
        found.setdefault("audience", []).append(text)
    return found
