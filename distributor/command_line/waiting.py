"""`--wait`: follow a distribution until nobody waits for a first message any more."""

from time import sleep
from typing import Final

from distributor.command_line.faults import CommandError
from distributor.command_line.operator import Desk
from distributor.command_line.standing import tell_standings
from distributor.models import Distribution

POLL_SECONDS: Final = 0.5


def wait_until_sent(desk: Desk, distribution: Distribution) -> Distribution:
    """Show the progress until every recipient was reached, failed or was stopped; return the row as it is then.

    Reminders and thank-yous are not waited for. Raises CommandError on Ctrl-C, which stops nothing that is sent.
    """
    try:
        return _follow(desk, distribution)
    except KeyboardInterrupt:
        text = f"Waiting was stopped; sending goes on. See `distributor status {distribution.pk}`."
        raise CommandError(text) from None


def _follow(desk: Desk, distribution: Distribution) -> Distribution:
    with desk.output.progress() as line:
        while True:
            distribution = Distribution.objects.select_related("survey", "organization").get(pk=distribution.pk)
            counts = distribution.progress
            sentence = tell_standings(desk, [distribution])[distribution.pk].sentence
            line.show(distribution.accepted_count - counts["waiting"], distribution.accepted_count, sentence)
            if not distribution.is_preparing and not counts["waiting"] and not distribution.running_retry_count:
                return distribution
            sleep(POLL_SECONDS)
