"""How a journey ends when nothing more is sent in it. Every place that ends a journey uses this rule."""

from dataclasses import dataclass

from distributor.rules.journey.retry import Ending

UNKNOWN_OUTCOME = "unknown_outcome"


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The end of a journey. `ending` None: it was stopped for `reason`, and nothing was sent."""

    ending: Ending | None
    reason: str = ""


def conclude(*, has_reached: bool, has_unknown: bool, stopped_for: str = "", failed_for: str = "") -> Conclusion:
    """Return how a journey ends.

    `has_reached`: one of its messages counts as sent. `has_unknown`: one of its attempts has an unknown outcome.
    Otherwise it was stopped (`stopped_for`) or has failed (`failed_for`).

    A journey stopped with an attempt of unknown outcome ends as indeterminate, not as stopped: “stopped” means that
    nothing was sent, and that message may have been. The decision row keeps the reason for stopping, and later events
    can still change the ending to sent or failed. See docs/decisions/0026.
    """
    if has_reached:
        return Conclusion(Ending.SENT)
    if has_unknown:
        return Conclusion(Ending.INDETERMINATE, UNKNOWN_OUTCOME)
    if stopped_for:
        return Conclusion(None, stopped_for)
    return Conclusion(Ending.FAILED, failed_for)
