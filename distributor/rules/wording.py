"""What a call has one recipient's message and thanks say, instead of the template's and the survey's own words."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Wording:
    """Texts as they are, never with placeholders; "" where the call says nothing of its own.

    `subject` is one line, `intro` what templates show as ${intro}, the link's address http or https.
    """

    subject: str = ""
    intro: str = ""
    thank_you_message: str = ""
    thank_you_link_text: str = ""
    thank_you_link_url: str = ""

    def as_stored(self) -> dict[str, str]:
        """The texts that there are, by name."""
        return {name: text for name, text in asdict(self).items() if text}


NO_WORDING: Final = Wording()


def read_wording(stored: Mapping[str, str] | None) -> Wording:
    """From what as_stored() gave."""
    return Wording(**stored) if stored else NO_WORDING


@dataclass(frozen=True, slots=True)
class Thanks:
    """What follows an answer."""

    message: str = ""
    link_text: str = ""
    link_url: str = ""


def thanks_for(wording: Wording, survey: Thanks) -> Thanks:
    """The recipient's own thanks, the survey's where it has none. A link of its own never gets the survey's label."""
    label = wording.thank_you_link_text
    return Thanks(
        wording.thank_you_message or survey.message,
        label if wording.thank_you_link_url else label or survey.link_text,
        wording.thank_you_link_url or survey.link_url,
    )
