"""Texts that a call gives for one recipient, used instead of the template's and the survey's own."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Wording:
    """One recipient's texts, without placeholders; "" where the call gives none.

    `subject` is a single line. Templates show `intro` as ${intro}. `thank_you_link_url` is http or https.
    """

    subject: str = ""
    intro: str = ""
    thank_you_message: str = ""
    thank_you_link_text: str = ""
    thank_you_link_url: str = ""

    def as_stored(self) -> dict[str, str]:
        """Return the texts that were given, by field name."""
        return {name: text for name, text in asdict(self).items() if text}


NO_WORDING: Final = Wording()


def read_wording(stored: Mapping[str, str] | None) -> Wording:
    """Read what as_stored() returned."""
    return Wording(**stored) if stored else NO_WORDING


@dataclass(frozen=True, slots=True)
class Thanks:
    """What the page shows after a response."""

    message: str = ""
    link_text: str = ""
    link_url: str = ""


def thanks_for(wording: Wording, survey: Thanks) -> Thanks:
    """Return the recipient's own thank-you texts, or the survey's where none were given.

    A link given for the recipient is never shown with the survey's label, which names another target.
    """
    label = wording.thank_you_link_text
    return Thanks(
        wording.thank_you_message or survey.message,
        label if wording.thank_you_link_url else label or survey.link_text,
        wording.thank_you_link_url or survey.link_url,
    )
