"""What came of the last messages of accounts that share messages by weight."""

from django.db import models
from django.db.models import Q

from channels.account_state.destinations import DESTINATION_LENGTH
from channels.account_state.steering import Tally
from channels.models.provider_account import ProviderAccount


class AccountScore(models.Model):
    """An account's decayed counts for one destination (account_state/steering.py), as they were at `decayed_at`.

    `destination` is a calling code such as “+48”, a mail domain, or "" for all that are not counted apart. The counts
    of calls are in the row of "".
    """

    account = models.ForeignKey(ProviderAccount, models.CASCADE, related_name="scores")
    destination = models.CharField(max_length=DESTINATION_LENGTH, blank=True)
    taken = models.FloatField(default=0)
    refused = models.FloatField(default=0)
    reported = models.FloatField(default=0)
    delivered = models.FloatField(default=0)
    calls = models.FloatField(default=0)
    failed_calls = models.FloatField(default=0)
    answered = models.FloatField(default=0)
    seconds = models.FloatField(default=0)
    decayed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("account", "destination"), name="one_score_per_account_and_destination"),
            models.CheckConstraint(
                condition=Q(
                    taken__gte=0,
                    refused__gte=0,
                    reported__gte=0,
                    delivered__gte=0,
                    calls__gte=0,
                    failed_calls__gte=0,
                    answered__gte=0,
                    seconds__gte=0,
                ),
                name="scores_count_from_zero",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.destination or 'others'} by {self.account_id}"

    @property
    def tally(self) -> Tally:
        return Tally(
            self.taken,
            self.refused,
            self.reported,
            self.delivered,
            self.calls,
            self.failed_calls,
            self.answered,
            self.seconds,
        )
