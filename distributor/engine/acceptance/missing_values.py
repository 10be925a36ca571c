"""Which placeholders of a dry run's messages would have neither a value nor a default, as dispatch would find them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from channels.locales import choose_locale
from channels.models import Template
from channels.providers.base import Message, Provider, Sender
from channels.providers.registry import provider_class
from channels.rendering import CompiledVariant, compile_variant
from contacts.models import Contact
from distributor.engine.route.accounts import AccountOption
from distributor.engine.route.message_values import contact_values, missing_values
from distributor.models import Survey
from distributor.rules.requests import RecipientOptions, StepRequest


class MissingMessageValue(NamedTuple):
    """A placeholder that leaves a gap in the message of the step at `position` to a contact."""

    contact_id: UUID
    position: int
    key: str


@dataclass(frozen=True, slots=True)
class _Reader:
    """A contact with the attributes of its send (route/message_values.py)."""

    contact: Contact
    attributes: Mapping[str, Any]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.contact, name)

    @property
    def embedded_data(self) -> Mapping[str, Any]:
        embedded_data: Mapping[str, Any] = self.contact.embedded_data
        return embedded_data


class ForecastText(NamedTuple):
    """A message of the forecast: its reader, and the position of its step."""

    contact: Contact
    attributes: Mapping[str, Any]
    options: RecipientOptions
    position: int


class _StepTexts:
    """A step's template and the account that would send it first."""

    def __init__(self, step: StepRequest, template: Template, option: AccountOption, survey: Survey) -> None:
        self._variants = {
            variant.locale: compile_variant(variant.locale, step.subject or variant.subject, variant.html, variant.text)
            for variant in template.variants.all()
        }
        self._survey = survey
        self._provider: Provider = provider_class(option.kind)(option.account)
        self._chosen: dict[str, CompiledVariant] = {}

    def missing_in(self, text: ForecastText) -> list[str]:
        variant = self._variant_for(text.options.locale or text.contact.locale)
        reader = _Reader(text.contact, text.attributes)
        # A link is never empty; its code is made when the call is accepted.
        values = dict.fromkeys(("link", "unsubscribe"), "https://") | {"survey:name": self._survey.name}
        values |= contact_values(reader, variant.keys | self._provider.value_keys)
        own_subject = text.options.wording.subject
        message = Message("", "", "", "", Sender(), variant, values, "", own_subject=own_subject)
        return missing_values(self._provider, message)

    def _variant_for(self, wanted: str) -> CompiledVariant:
        if wanted not in self._chosen:
            locale = choose_locale(wanted, list(self._variants), self._survey.default_locale)
            self._chosen[wanted] = self._variants[locale]
        return self._chosen[wanted]


def find_missing_values(
    survey_id: UUID,
    steps: Sequence[StepRequest],
    options: Sequence[AccountOption],
    templates: Mapping[UUID, Template],
    texts: Iterable[ForecastText],
) -> list[MissingMessageValue]:
    """Return every gap in the messages of a forecast. `options` has the first account of each step."""
    survey = Survey.objects.only("name", "default_locale").get(pk=survey_id)
    by_position = [
        _StepTexts(step, templates[step.template_id], option, survey)
        for step, option in zip(steps, options, strict=True)
    ]
    return [
        MissingMessageValue(text.contact.pk, text.position, key)
        for text in texts
        for key in by_position[text.position].missing_in(text)
    ]
