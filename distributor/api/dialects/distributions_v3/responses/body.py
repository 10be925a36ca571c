"""Bodies of `POST /surveys/{SV}/responses` and `PUT /responses/{R}`."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final, NamedTuple

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from distributor.api.answers.problems import Fault, invalid_request
from distributor.api.bodies.fields import NULL_IS_DEFAULT, EmbeddedData, Moment
from distributor.api.dialects.distributions_v3.ids import Kind
from distributor.api.dialects.distributions_v3.responses.metadata import METADATA_IDS
from distributor.api.dialects.distributions_v3.surveys.questions import ANSWER_KEYS
from distributor.api.dialects.distributions_v3.wire import SurveyId
from distributor.api.wire import Body
from distributor.models import Survey

MAX_VALUES: Final = 120
# The id of an anonymous response holds its day in milliseconds since 1970, so there are no earlier days.
_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MOMENT: Final = TypeAdapter[datetime](Moment)
_DAYS: Final = ("recordedDate", "endDate")
_UNFINISHED: Final = {"finished": re.compile(r"0(\.0*)?|false"), "progress": re.compile(r"\d{1,2}(\.\d*)?")}
_OF_GIVER: Final = "Not stored: nothing about the giver of an anonymous response is."


class NewResponseBody(Body):
    """A response to store."""

    values: Annotated[EmbeddedData, Field(min_length=1, max_length=MAX_VALUES)] = Field(
        description="Answers by the ids of their questions; for a survey on another site by any keys. Of metadata, the "
        "day of `recordedDate` or `endDate` is stored, and nothing else.",
        examples=[{"QID1": 9, "QID2_TEXT": "Very kind staff.", "recordedDate": "2026-03-06T12:00:00Z"}],
    )


def _refuse_reset(is_reset: bool) -> bool:
    if is_reset:
        raise PydanticCustomError("not_supported", "Not supported: when a response was given does not change.")
    return is_reset


class ResponseChangesBody(Body):
    """Embedded data to store with a response."""

    survey_id: SurveyId = Field(description="Id of the response's survey.", examples=[Kind.SURVEY.example])
    embedded_data: EmbeddedData = Field(
        description="Data of your own, laid over what is stored with the response key by key.",
        examples=[{"ward": "B"}],
    )
    reset_recorded_date: Annotated[bool, NULL_IS_DEFAULT, AfterValidator(_refuse_reset)] = Field(
        False, description="Only false: when a response was given does not change.", examples=[False]
    )


class Given(NamedTuple):
    """A response as it is stored: the answers by our own keys, when it was given, and what is left out of it."""

    answers: dict[str, Any]
    submitted_at: datetime
    warnings: list[Fault]


def read_values(survey: Survey, values: Mapping[str, Any], now: datetime) -> Given:
    """Return what is stored of these values. Raises a 400 Problem with every fault."""
    faults, answers = [*_metadata_faults(values)], {}
    submitted_at = _read_day(values, now, faults)
    for name, value in values.items():
        if name in METADATA_IDS:
            continue
        if survey.target_url:
            answers[name] = value
        elif name in ANSWER_KEYS:
            answers[ANSWER_KEYS[name]] = _read_score(value, faults) if name == "QID1" else value
        elif re.match(r"QID\d", name) or name in ANSWER_KEYS.values():
            text = "There is no such question. This survey has QID1 and QID2_TEXT."
            faults.append(Fault(f"/values/{name}", "unknown_question", text))
        else:
            answers[name] = value
    if all(value in (None, "") for value in answers.values()) and not faults:
        faults.append(Fault("/values", "no_answers", "Give at least one answer."))
    if faults:
        raise invalid_request(faults)
    left_out = METADATA_IDS - {*_DAYS, *_UNFINISHED, "status"}
    warnings = [Fault(f"/values/{name}", "not_stored", _OF_GIVER) for name in values if name in left_out]
    return Given(answers, submitted_at, warnings)


def _metadata_faults(values: Mapping[str, Any]) -> Iterator[Fault]:
    for name, unfinished in _UNFINISHED.items():
        if unfinished.fullmatch(str(values.get(name)).strip().lower()):
            yield Fault(f"/values/{name}", "not_supported", "Only finished responses are stored.")


def _read_day(values: Mapping[str, Any], now: datetime, faults: list[Fault]) -> datetime:
    """Return when the response was given: now, unless the values say otherwise."""
    given = now
    for name in reversed(_DAYS):
        if values.get(name) in (None, ""):
            continue
        try:
            given = _MOMENT.validate_python(values[name])
        except ValidationError:
            faults.append(Fault(f"/values/{name}", "datetime_parsing", "Not a valid date and time. Use ISO 8601."))
            continue
        if not _EARLIEST <= given <= now:
            faults.append(Fault(f"/values/{name}", "datetime_range", "Must not be before 1970 or after now."))
    return given


def _read_score(value: Any, faults: list[Fault]) -> Any:
    score = int(value) if isinstance(value, str) and re.fullmatch(r"\d{1,2}", value) else value
    if not isinstance(score, int) or isinstance(score, bool) or not 0 <= score <= 10:
        faults.append(Fault("/values/QID1", "out_of_range", "Must be a whole number from 0 to 10."))
    return score
