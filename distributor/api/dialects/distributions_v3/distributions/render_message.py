"""The headers and the message of a step, as elements have them."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from channels.models import TemplateVariant
from contacts.models import Organization
from distributor.api.dialects.distributions_v3.distributions.element import (
    HeadersElement,
    MessageElement,
    SubjectMessageElement,
)
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.dialects.distributions_v3.piped_text import from_placeholders
from distributor.models import Step

NO_HEADERS = HeadersElement(from_email=None, reply_to_email=None, from_name=None, subject=None)
NO_MESSAGE = MessageElement(library_id=None, message_id=None, message_text=None, message_type=None)
# What steps need to be loaded with.
NEEDED = ("provider_account", "template")


def read_own_texts(steps: Iterable[Step]) -> Mapping[UUID, str]:
    """Return the texts of automatic templates by their ids: in one query, and in none if there are none."""
    ids = {step.template_id for step in steps if step.template.text_key is not None}
    variants = TemplateVariant.objects.filter(template_id__in=ids) if ids else ()
    return {variant.template_id: from_placeholders(variant.html or variant.text) for variant in variants}


def render_headers(step: Step, organization: Organization) -> HeadersElement:
    """Return the sender and subject of a step."""
    account, told = step.provider_account, {}
    if step.subject_source_id is not None:
        told["subject_message"] = SubjectMessageElement(
            message_id=public_id(Kind.MESSAGE, step.subject_source_id),
            library_id=public_id(Kind.LIBRARY, organization.pk),
        )
    return HeadersElement(
        from_email=step.from_email or account.from_email or None,
        reply_to_email=step.reply_to_email or account.reply_to_email or None,
        from_name=step.from_name or account.from_name or None,
        subject=step.subject or None,
        **told,
    )


def render_message(step: Step, organization: Organization, own_texts: Mapping[UUID, str]) -> MessageElement:
    """Return the message of a step: its id, or its own text as read_own_texts() returned it."""
    own_text = own_texts.get(step.template_id)
    return MessageElement(
        library_id=public_id(Kind.LIBRARY, organization.pk),
        message_id=public_id(Kind.MESSAGE, step.template_id) if own_text is None else None,
        message_text=own_text,
        message_type=None,
    )
