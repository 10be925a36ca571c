"""The status of distributions in SQL is that of rules/journey/distribution_status.py."""

from datetime import timedelta
from itertools import product

from contacts.channel import Channel
from contacts.ids import new_id
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.queries.distributions import having_status
from distributor.models import Distribution
from distributor.rules.journey.distribution_status import DistributionStatus
from tests.engine.conftest import Send


def test_each_distribution_has_the_status_that_the_rule_says(send: Send) -> None:
    made, now = send(1, Channel.EMAIL).distribution, database_now()
    times = (None, now - timedelta(hours=1), now + timedelta(hours=1))
    for sent, preparing, arming, retrying, scheduled, paused, cancelled in product(
        (0, 1), (False, True), (0, 1), (0, 1), times, (None, now), (None, now)
    ):
        made.pk, made._state.adding = new_id(), True
        made.accepted_count, made.sent_count, made.is_preparing, made.running_retry_count = 1, sent, preparing, retrying
        made.follow_up_count = made.arming_count = arming
        made.scheduled_at, made.paused_at, made.cancelled_at = scheduled, paused, cancelled
        made.save(force_insert=True)
    by_rule = {row.pk: row.status_at(now) for row in Distribution.objects.all()}
    assert set(by_rule.values()) == set(DistributionStatus)
    for status in DistributionStatus:
        found = set(Distribution.objects.filter(having_status(status, now)).values_list("pk", flat=True))
        assert found == {key for key, value in by_rule.items() if value is status}
