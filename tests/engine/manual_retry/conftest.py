"""What the tests of manual retries share."""

from typing import Any

from channels.models import ProviderAccount
from contacts.channel import Channel
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.manual_retry.start import start_retry
from distributor.models import ManualRetry
from distributor.rules.journey.manual_retry import RetriedOutcome, RetrySelection
from tests.support.engine.people import run_retries

Accounts = dict[Channel, ProviderAccount]
EVERYBODY = RetrySelection(outcomes=list(RetriedOutcome))


def retry(accepted: Any, selection: RetrySelection | None = None) -> ManualRetry:
    made = start_retry(accepted.distribution.pk, selection or RetrySelection(), "test", database_now())
    run_retries()
    made.refresh_from_db()
    return made


def works_again(account: ProviderAccount) -> None:
    ProviderAccount.objects.filter(pk=account.pk).update(configuration={})
