"""What a check found."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """`warn` works, but not as it should. `fail` makes the command end with 1."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked. `remedy` says what to do; "" if nothing has to be done."""

    what: str
    verdict: Verdict
    text: str
    remedy: str = ""

    @classmethod
    def ok(cls, what: str, text: str) -> "Finding":
        return cls(what, Verdict.OK, text)

    @classmethod
    def warn(cls, what: str, text: str, remedy: str) -> "Finding":
        return cls(what, Verdict.WARN, text, remedy)

    @classmethod
    def fail(cls, what: str, text: str, remedy: str) -> "Finding":
        return cls(what, Verdict.FAIL, text, remedy)
