"""The rival in the worker: one Celery task per message, as it is usually written."""

from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.template import Context, Template
from django.utils import timezone

from channels.models import TemplateVariant
from tests.bench.models import RivalRecipient
from tests.bench.noop import take_message


def links_of(code: str) -> dict[str, str]:
    """What an invitation needs beside the contact."""
    link = f"{settings.PUBLIC_BASE_URL}/p/{code}"
    return {"link": link, "unsubscribe": f"{link}/unsubscribe"}


@shared_task(name="bench.send_one")
def send_one(recipient_id: int, template_id: str) -> None:
    """Get, render, send, save."""
    recipient = RivalRecipient.objects.select_related("contact").get(pk=recipient_id)
    variant = TemplateVariant.objects.get(template_id=UUID(template_id), locale="en")
    context = Context({"contact": recipient.contact, "data": recipient.attributes, **links_of(recipient.code)})
    take_message(
        Template(variant.subject).render(context),
        Template(variant.html).render(context),
        Template(variant.text).render(context),
    )
    recipient.state = "finished"
    recipient.outcome = "sent"
    recipient.attempt_count += 1
    recipient.first_sent_at = timezone.now()
    recipient.save()
