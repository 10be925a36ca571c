"""The rivals of the providers: the vendor's package, called once per message in a Celery task.

Each worker process keeps one client, and failures are not retried: this is the best rate they can have.
"""

from functools import cache

from celery import shared_task
from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import Mail
from twilio.rest import Client

from tests.bench.peers.naive_tasks import save_outcome, write_one
from tests.bench.stage.accounts import FROM_EMAIL, FROM_NUMBER
from tests.support.standins.sendgrid import API_KEY
from tests.support.standins.twilio import ACCOUNT_SID, AUTH_TOKEN


@shared_task(name="bench.mail_one")
def mail_one(recipient_id: int, template_id: str, base_url: str) -> None:
    """Send an e-mail with the `sendgrid` package."""
    recipient, subject, html, text = write_one(recipient_id, template_id)
    mail = Mail(FROM_EMAIL, recipient.contact.email, subject, plain_text_content=text, html_content=html)
    try:
        _sendgrid(base_url).send(mail)
    except (HTTPError, OSError):
        save_outcome(recipient, "failed")
    else:
        save_outcome(recipient, "sent")


@shared_task(name="bench.text_one")
def text_one(recipient_id: int, template_id: str, base_url: str) -> None:
    """Send an SMS with the `twilio` package."""
    recipient, _, _, text = write_one(recipient_id, template_id)
    _twilio(base_url).messages.create(to=recipient.contact.phone, from_=FROM_NUMBER, body=text)
    save_outcome(recipient, "sent")


@cache
def _sendgrid(base_url: str) -> SendGridAPIClient:
    return SendGridAPIClient(API_KEY, host=base_url)


@cache
def _twilio(base_url: str) -> Client:
    client = Client(ACCOUNT_SID, AUTH_TOKEN)
    client.api.base_url = base_url
    return client
