"""The questions of a survey, with their published ids.

The built-in page asks for a score and a comment: QID1 and QID2. A survey on another site has its questions there, so we
know none of them.
"""

from dataclasses import dataclass
from typing import Final

from django.utils import translation
from django.utils.translation import gettext

from distributor.models import Survey

SCORES: Final = tuple(map(str, range(11)))
# The one block, which has all questions. Ids of blocks tell those of one survey apart.
BLOCK_ID: Final = "BL_1"


@dataclass(frozen=True, slots=True)
class Question:
    """A question of the built-in page.

    `value_id` is its key among a response's values, `answer_key` its key among our own answers. `choices` is empty for
    a text. `ends` are the texts at the first and the last choice.
    """

    id: str
    value_id: str
    answer_key: str
    tag: str
    text: str
    is_required: bool
    choices: tuple[str, ...] = ()
    ends: tuple[str, str] = ("", "")

    @property
    def type(self) -> str:
        """`MC` (multiple choice) or `TE` (text entry)."""
        return "MC" if self.choices else "TE"

    @property
    def selector(self) -> str:
        """`NPS` (a scale from 0 to 10) or `ML` (several lines)."""
        return "NPS" if self.choices else "ML"


# By the keys of values; the texts differ by survey.
ANSWER_KEYS: Final = {"QID1": "score", "QID2_TEXT": "comment"}
TAGS: Final = frozenset({"Q1", "Q2"})
VALUE_IDS: Final = {key: value_id for value_id, key in ANSWER_KEYS.items()}


def questions_of(survey: Survey) -> list[Question]:
    """Return the survey's questions in its default language; none if it is on another site."""
    if survey.target_url:
        return []
    texts = survey.texts_for(survey.default_locale)
    own = texts["question"]
    with translation.override(survey.default_locale):
        # The texts of templates/pages/question.html.
        text = own or gettext("How likely are you to recommend us to your family or friends?")
        low_end = texts["low_end"] or (gettext("0 – not at all") if own else gettext("0 – not at all likely"))
        high_end = texts["high_end"] or (gettext("10 – fully") if own else gettext("10 – extremely likely"))
        comment = gettext("Would you like to tell us more?")
    return [
        Question("QID1", "QID1", "score", "Q1", text, True, SCORES, (low_end, high_end)),
        Question("QID2", "QID2_TEXT", "comment", "Q2", comment, False),
    ]
