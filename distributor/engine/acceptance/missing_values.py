"""What a dry run's messages would say: placeholders without a value or default, and the segments of SMS.

Both are found as dispatch finds them.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.conf import settings

from channels.locales import choose_locale
from channels.models import Template
from channels.providers.base import Message, Provider, Sender
from channels.providers.registry import provider_class
from channels.rendering import CompiledVariant, compile_variant
from channels.segments import segment_text
from contacts.channel import Channel
from contacts.models import Contact
from distributor.engine.route.accounts import AccountOption
from distributor.engine.route.message_values import ContactReader, contact_values, missing_values
from distributor.models import Survey
from distributor.rules.link_codes import CODE_LENGTH
from distributor.rules.requests import RecipientOptions, StepRequest

_CODE: Final = "0" * CODE_LENGTH
_LINKS: Final = {
    "link": f"{settings.PUBLIC_BASE_URL}/p/{_CODE}",
    "unsubscribe": f"{settings.PUBLIC_BASE_URL}/u/{_CODE}",
}


class MissingMessageValue(NamedTuple):
    """A placeholder that leaves a gap in the message of the step at `position` to a contact."""

    contact_id: UUID
    position: int
    key: str


class ForecastText(NamedTuple):
    """A message of the forecast: its reader, and the position of its step."""

    contact: Contact
    attributes: Mapping[str, Any]
    options: RecipientOptions
    position: int


class StepTexts:
    """A step's template and the account that would send it first."""

    def __init__(self, step: StepRequest, template: Template, option: AccountOption, survey: Survey) -> None:
        self._variants = {
            variant.locale: compile_variant(variant.locale, step.subject or variant.subject, variant.html, variant.text)
            for variant in template.variants.all()
        }
        self._survey = survey
        self.channel = step.channel
        self._provider: Provider = provider_class(option.kind)(option.account)
        self._chosen: dict[str, CompiledVariant] = {}

    def missing_in(self, text: ForecastText) -> list[str]:
        return missing_values(self._provider, self._message(text))

    def segments_of(self, text: ForecastText) -> int:
        """Return the segments of an SMS. Its links are as long as those that will be made."""
        return segment_text(self._message(text).text).segments

    def _message(self, text: ForecastText) -> Message:
        variant = self._variant_for(text.options.locale or text.contact.locale)
        reader = ContactReader(text.contact, text.attributes)
        # A link's code is made when the call is accepted; all codes have the same length.
        values = dict(_LINKS) | {"survey:name": self._survey.name}
        values |= contact_values(reader, variant.keys | self._provider.value_keys)
        own_subject = text.options.wording.subject
        return Message("", "", "", "", Sender(), variant, values, "", own_subject=own_subject)

    def _variant_for(self, wanted: str) -> CompiledVariant:
        if wanted not in self._chosen:
            locale = choose_locale(wanted, list(self._variants), self._survey.default_locale)
            self._chosen[wanted] = self._variants[locale]
        return self._chosen[wanted]


def read_step_texts(
    survey_id: UUID,
    steps: Sequence[StepRequest],
    options: Sequence[AccountOption],
    templates: Mapping[UUID, Template],
) -> list[StepTexts]:
    """Return what each step would say. `options` has the first account of each step."""
    survey = Survey.objects.only("name", "default_locale").get(pk=survey_id)
    return [
        StepTexts(step, templates[step.template_id], option, survey)
        for step, option in zip(steps, options, strict=True)
    ]


def find_missing_values(by_position: Sequence[StepTexts], texts: Iterable[ForecastText]) -> list[MissingMessageValue]:
    """Return every gap in the messages of a forecast."""
    return [
        MissingMessageValue(text.contact.pk, text.position, key)
        for text in texts
        for key in by_position[text.position].missing_in(text)
    ]


def count_segments(by_position: Sequence[StepTexts], texts: Iterable[ForecastText]) -> dict[int, int]:
    """Count the segments of the SMS of a forecast, by the position of their step."""
    counts = {position: 0 for position, step in enumerate(by_position) if step.channel == Channel.SMS}
    for text in texts:
        if text.position in counts:
            counts[text.position] += by_position[text.position].segments_of(text)
    return counts
