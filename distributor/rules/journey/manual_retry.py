"""Which recipients a manual retry concerns."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self
from uuid import UUID


class RetriedOutcome(StrEnum):
    """The ends of a journey that may be retried. The values are public: callers write them."""

    FAILED = "failed"
    INDETERMINATE = "indeterminate"  # may have been sent, so a retry may be a second copy


@dataclass(frozen=True, slots=True)
class RetrySelection:
    """Which unreached recipients are sent to again. An empty field excludes nobody.

    `reasons` are the codes of why they failed. `step_ids`, `channels` and `codes`, the provider's own codes, are those
    of their last attempt.
    """

    outcomes: Sequence[RetriedOutcome] = (RetriedOutcome.FAILED,)
    reasons: Sequence[str] = ()
    step_ids: Sequence[UUID] = ()
    channels: Sequence[str] = ()
    contact_ids: Sequence[UUID] = ()
    codes: Sequence[str] = ()

    def as_stored(self) -> dict[str, list[str]]:
        return {name: [str(value) for value in values] for name, values in asdict(self).items()}

    @classmethod
    def read(cls, stored: Mapping[str, Sequence[Any]]) -> Self:
        """Return the selection that as_stored() stored."""
        return cls(
            outcomes=[RetriedOutcome(outcome) for outcome in stored["outcomes"]],
            reasons=stored["reasons"],
            step_ids=[UUID(text) for text in stored["step_ids"]],
            channels=stored["channels"],
            contact_ids=[UUID(text) for text in stored["contact_ids"]],
            codes=stored.get("codes", ()),
        )
