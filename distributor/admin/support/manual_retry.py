"""Start manual retries from admin actions, and tell the operator what came of it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest

from distributor.admin.support.typed_classes import ModelAdmin
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.manual_retry.start import RetryRefusedError, start_retry
from distributor.engine.manual_retry.unreached import count_unreached
from distributor.models import Distribution
from distributor.rules.journey.manual_retry import RetrySelection


def retry_in_admin(
    page: ModelAdmin[Any], request: HttpRequest, distribution: Distribution, selection: RetrySelection
) -> None:
    """Send again to the selected recipients of a distribution who failed."""
    count = sum(group.recipients for group in count_unreached(distribution.pk, selection))
    if not count:
        page.message_user(request, f"{distribution}: there is nobody to send to again.", messages.WARNING)
        return
    operator = f"operator {request.user.get_username()}"[:63]
    try:
        start_retry(distribution.pk, selection, operator, database_now())
    except RetryRefusedError as refusal:
        page.message_user(request, f"{distribution} is already {refusal.reason.value}.", messages.WARNING)
        return
    recipients = "1 recipient" if count == 1 else f"{count:,} recipients"
    page.log_change(request, distribution, f"sent again to {recipients}")
    page.message_user(request, f"{distribution}: sending again to {recipients}.", messages.SUCCESS)
