"""The step of a body's message: a message of the library, or the send's own text."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from channels.locales import choose_locale
from channels.models import TemplateVariant
from channels.rendering import compile_text
from contacts.channel import Channel
from contacts.models import Organization
from distributor.api.answers.problems import Fault, invalid_request
from distributor.api.dialects.distributions_v3 import faults
from distributor.api.dialects.distributions_v3.distributions.body_parts import HeaderBody, MessageBody
from distributor.api.dialects.distributions_v3.library.message_shapes import variant_of
from distributor.engine.acceptance.defaults import find_defaults
from distributor.rules.journey.chain import StepKind
from distributor.rules.requests import NO_TEMPLATE, StepRequest

# The keys of a body's ids, by their pointers.
Keys = Mapping[str, UUID]
_NO_LINK = Fault("/message/messageText", "no_link", "The text has no link to the survey. Add ${l://SurveyURL}.")
_NO_SUBJECT = Fault("/header/subject", "message_without_subject", "This message has no subject.")
_LOCALE = "en"  # of surveys that say none
# Of e-mails that have an own text and no subject.
_SUBJECT = "${survey:name}"


def message_step(
    organization: Organization,
    channel: Channel,
    survey_id: UUID | None,
    message: MessageBody,
    keys: Keys,
    header: HeaderBody | None = None,
    *,
    kind: StepKind = StepKind.INVITATION,
    scheduled_at: datetime | None = None,
) -> StepRequest:
    """Return a step with the channel's default account. Raises a 409 Problem if there is none, and 400 Problems.

    `scheduled_at` is for reminders and thank-yous only.
    """
    defaults = find_defaults(organization, survey_id, channel)
    if defaults.provider_account_id is None:
        raise faults.no_account(channel.value)
    header, locale = header or HeaderBody(), defaults.locale or _LOCALE
    subject, source_id = header.subject or "", keys.get("/header/subject")
    if source_id is not None:
        subject = _subject_of(source_id, locale)
        if not subject:
            raise invalid_request([_NO_SUBJECT])
    texts = {}
    if message.message_text is not None:
        texts = {locale: _own_text(channel, kind, message.message_text)}
        if channel is Channel.EMAIL and not subject and "/message/messageId" in keys:
            subject = _subject_of(keys["/message/messageId"], locale)
    return StepRequest(
        channel.value,
        defaults.provider_account_id,
        NO_TEMPLATE if texts else keys["/message/messageId"],
        from_email=header.from_email or "",
        from_name=header.from_name or "",
        reply_to_email=header.reply_to_email or "",
        subject=subject,
        subject_source_id=source_id,
        kind=kind,
        scheduled_at=scheduled_at,
        texts=texts,
    )


def _own_text(channel: Channel, kind: StepKind, text: str) -> Mapping[str, str]:
    """Return the texts of a message. Raises a 400 Problem if its readers could not answer; thanks need no link."""
    variant = variant_of(channel, text, _SUBJECT)
    if kind is not StepKind.THANK_YOU and not all(
        "link" in compile_text(variant[part]).keys for part in ("html", "text") if variant.get(part)
    ):
        raise invalid_request([_NO_LINK])
    return variant


def _subject_of(template_id: UUID, locale: str) -> str:
    """Return a template's subject in the locale that fits best."""
    subjects = dict(TemplateVariant.objects.filter(template=template_id).values_list("locale", "subject"))
    return subjects[choose_locale(locale, list(subjects), locale)] if subjects else ""
