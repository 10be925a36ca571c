"""The rival of dispatch: one Celery task per message, as it is usually written."""

from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.template import Context, Template
from django.utils import timezone

from channels.models import TemplateVariant
from tests.bench.dispatch.noop import take_message
from tests.bench.models import RivalRecipient


def links_of(code: str) -> dict[str, str]:
    """Return the links of an invitation."""
    link = f"{settings.PUBLIC_BASE_URL}/p/{code}"
    return {"link": link, "unsubscribe": f"{link}/unsubscribe"}


@shared_task(name="bench.send_one")
def send_one(recipient_id: int, template_id: str) -> None:
    """Read, render, send and save one message."""
    recipient, subject, html, text = write_one(recipient_id, template_id)
    take_message(subject, html, text)
    save_outcome(recipient, "sent")


def write_one(recipient_id: int, template_id: str) -> tuple[RivalRecipient, str, str, str]:
    """Return the recipient with its subject, HTML and text."""
    recipient = RivalRecipient.objects.select_related("contact").get(pk=recipient_id)
    variant = TemplateVariant.objects.get(template_id=UUID(template_id), locale="en")
    context = Context({"contact": recipient.contact, "data": recipient.attributes, **links_of(recipient.code)})
    parts = (variant.subject, variant.html, variant.text)
    subject, html, text = (Template(part).render(context) for part in parts)
    return recipient, subject, html, text


def save_outcome(recipient: RivalRecipient, outcome: str) -> None:
    recipient.state = "finished"
    recipient.outcome = outcome
    recipient.attempt_count += 1
    recipient.first_sent_at = timezone.now()
    recipient.save()
