"""The topics that clients subscribe to, and what of our events they mean."""

from typing import Final, NamedTuple

from distributor.api.dialects.distributions_v3.ids import KeyRange, Kind, read_id

EVERYTHING: Final = "*"
COMPLETED: Final = "surveyengine.completedResponse"
# Published topics of which there are no events here: answers are submitted as a whole, and surveys are always active.
SILENT: Final = ("surveyengine.partialResponse", "surveyengine.startedRecipientSession", "controlpanel.activateSurvey",
                 "controlpanel.deactivateSurvey")  # fmt: skip


class Topic(NamedTuple):
    """A topic. `survey` None: of all surveys. `is_silent`: nothing is ever sent."""

    survey: KeyRange | None
    is_silent: bool


def read_topic(text: str) -> Topic | None:
    """Return what a topic means; None if it is not a published one."""
    name, _, survey_id = text.rpartition(".")
    if text in (EVERYTHING, COMPLETED):
        return Topic(None, is_silent=False)
    if text in SILENT:
        return Topic(None, is_silent=True)
    if name not in (COMPLETED, *SILENT):
        return None
    if survey_id == EVERYTHING:
        return Topic(None, is_silent=name != COMPLETED)
    keys = read_id(Kind.SURVEY, survey_id)
    return None if keys is None else Topic(keys, is_silent=name != COMPLETED)
