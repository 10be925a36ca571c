"""“Send me this”: a message of the wizard to the operator who is making the send, filled with sample values.

E-mail goes to the address of the operator's own user, texts to a number of the organisation's team, so that nobody
else can be written to from here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from channels.locales import choose_locale
from channels.models import ProviderAccount, Template
from channels.providers.base import Outcome
from channels.rendering import CompiledVariant, compile_variant
from contacts.channel import Channel
from contacts.models import Organization
from contacts.suppressions import spell_address
from distributor.engine.infrastructure.audit import actor_of_user, record
from distributor.engine.route.single_message import SENTENCES, send_single_message
from distributor.models import Survey
from distributor.rules.requests import StepRequest


@dataclass(frozen=True, slots=True)
class SampleMessage:
    """What became of a test: a sentence, and the provider's own words if it gave any."""

    has_worked: bool
    sentence: str
    detail: str = ""


def team_numbers(organization: Organization) -> Sequence[str]:
    """Return the phone numbers of the organisation's team."""
    return [address for address in organization.team_addresses if address.startswith("+")]


def send_me_this(
    organization: Organization, user: Any, step: StepRequest, survey_id: UUID | None, number: str
) -> SampleMessage:
    """Send one message of a step to the operator. `number`: the team's number that a text goes to."""
    to = _address(organization, user, step.channel, number)
    if to is None:
        if step.channel == Channel.EMAIL:
            return SampleMessage(False, _("Your user has no e-mail address. Somebody who manages users can enter it."))
        return SampleMessage(False, _("Choose a number of the team. They are in the organisation's settings."))
    account = ProviderAccount.objects.select_related("organization").get(
        organization=organization, pk=step.provider_account_id
    )
    template = Template.with_automatic.prefetch_related("variants").get(organization=organization, pk=step.template_id)
    survey = Survey.objects.filter(organization=organization, pk=survey_id).first() if survey_id else None
    variant = _variant(template, step.subject, survey)
    result = send_single_message(account, to, variant, _sample_values(variant, user, survey, to))
    record(actor_of_user(user), "test_sent", template)
    return SampleMessage(
        result.outcome is Outcome.ACCEPTED,
        f"{to}: {SENTENCES[result.outcome]}",
        " ".join(filter(None, (result.code, result.detail))),
    )


def _address(organization: Organization, user: Any, channel: str, number: str) -> str | None:
    if channel == Channel.EMAIL:
        return spell_address(channel, user.email, "") if user.email else None
    return number if number in team_numbers(organization) else None


def _variant(template: Template, subject: str, survey: Survey | None) -> CompiledVariant:
    """Return the text in the operator's language if the template has it, else in the survey's."""
    variants = {variant.locale: variant for variant in template.variants.all()}
    default = survey.default_locale if survey else "en"
    chosen = variants[choose_locale(get_language() or "", list(variants), default)]
    return compile_variant(chosen.locale, subject or chosen.subject, chosen.html, chosen.text)


def _sample_values(variant: CompiledVariant, user: Any, survey: Survey | None, to: str) -> dict[str, str]:
    """Return the operator's own values. What nobody knows here shows its default, or its name in brackets."""
    about_user = {
        "contact:email": user.email,
        "contact:firstName": user.first_name,
        "contact:lastName": user.last_name,
        "contact:name": user.get_full_name(),
        "contact:phone": to if to.startswith("+") else "",
    }
    values = {
        "link": f"{settings.PUBLIC_BASE_URL}/",
        "unsubscribe": f"{settings.PUBLIC_BASE_URL}/",
        "survey:name": survey.name if survey else _("Survey"),
    }
    for text in (variant.subject, variant.html, variant.text):
        for key, default in text.slots:
            known = about_user.get(key, "")
            if known or not default:
                values.setdefault(key, known or f"[{key.rpartition(':')[2]}]")
    return values
