"""How a journey ends when nothing more is sent in it: the one rule for every place that ends one."""

from dataclasses import dataclass

from distributor.rules.journey.retry import Ending

UNKNOWN_OUTCOME = "unknown_outcome"


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The end of a journey. `ending` None: it was stopped, for `reason`, and certainly nothing was sent."""

    ending: Ending | None
    reason: str = ""


def conclude(*, has_reached: bool, has_unknown: bool, stopped_for: str = "", failed_for: str = "") -> Conclusion:
    """Return how a journey ends.

    `has_reached`: a message of it counts as sent. `has_unknown`: an attempt of it has an unknown outcome. Otherwise it
    was stopped (`stopped_for`) or has failed (`failed_for`).

    A journey that is stopped with an attempt of unknown outcome ends as indeterminate, not as stopped: “stopped” says
    that nothing was sent, and that message may have been. The decision row keeps what stopped it, and evidence that
    arrives later still makes it sent or failed. See docs/decisions/0026.
    """
    if has_reached:
        return Conclusion(Ending.SENT)
    if has_unknown:
        return Conclusion(Ending.INDETERMINATE, UNKNOWN_OUTCOME)
    if stopped_for:
        return Conclusion(None, stopped_for)
    return Conclusion(Ending.FAILED, failed_for)
