"""What the tests of added reminders and thank-yous share."""

from datetime import datetime, timedelta

from distributor.engine.acceptance.accept import Accepted
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.record import record_response
from distributor.models import Distribution

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
A_DAY = 24 * 60
INVITATION, REMINDER, THANKS = "invitation email", "reminder email", "thank_you email"


def days_on(days: float) -> datetime:
    return database_now() + days * DAY


def respond(accepted: Accepted, place: int = 0) -> None:
    record_response(accepted.recipients[place].code, {}, database_now())


def status_of(accepted: Accepted) -> str:
    return Distribution.objects.get(pk=accepted.distribution.pk).status_at(database_now()).value
