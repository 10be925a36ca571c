"""The body of `POST /surveys/{SV}/export-responses`: every published option, honoured or refused."""

import re
from collections.abc import Callable
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from distributor.api.bodies.fields import NO_NUL, NULL_IS_DEFAULT, DataFault, TimeZoneOrNone
from distributor.api.dialects.distributions_v3.distributions.body_parts import MomentOrNone
from distributor.api.dialects.distributions_v3.responses.metadata import METADATA_IDS
from distributor.api.wire import Body

MAX_IDS: Final = 1_000
_MAX_LIMIT: Final = 2**63 - 1
FORMATS: Final = ("csv", "tsv", "json", "ndjson")
_Id = Annotated[str, StringConstraints(max_length=255, pattern=NO_NUL)]
_Ids = Annotated[list[_Id], Field(max_length=MAX_IDS)]


def _refuse(text: str) -> AfterValidator:
    """Return a validator that refuses everything but null, false and ""."""

    def check(value: Any) -> Any:
        if value:
            raise PydanticCustomError("not_supported", text)
        return value

    return AfterValidator(check)


def _cut(limit: int) -> int:
    """Return the limit, or the highest that is stored: nobody has so many responses."""
    return min(limit, _MAX_LIMIT)


def _known_format(name: str) -> str:
    if name not in FORMATS:
        raise PydanticCustomError("not_supported", f"Not supported. Use {', '.join(FORMATS)}.")
    return name


def _check_each(is_known: Callable[[str], bool], code: str, text: str) -> AfterValidator:
    def check(ids: list[str] | None) -> list[str] | None:
        faults = [DataFault((place,), code, text) for place, name in enumerate(ids or ()) if not is_known(name)]
        if faults:
            raise PydanticCustomError("invalid_data", text, {"faults": faults})
        return ids

    return AfterValidator(check)


_METADATA: Final = _check_each(
    lambda name: name in METADATA_IDS, "unknown_column", f"Unknown. Use {', '.join(sorted(METADATA_IDS))}."
)
_QUESTIONS: Final = _check_each(
    # A survey on another site may have given its answers such names.
    lambda name: re.fullmatch(r"QID\d+.*", name) is None or name in ("QID1", "QID2", "QID2_TEXT"),
    "unknown_question",
    "There is no such question. The built-in page has QID1 and QID2; other answers are named by their keys.",
)
_Flag = Annotated[bool, NULL_IS_DEFAULT]


class ResponseExportBody(Body):
    """Which responses to export, and how."""

    format: Annotated[Literal["csv", "tsv", "json", "ndjson", "xml", "spss"], AfterValidator(_known_format)] = Field(
        description="`csv`, `tsv`, `json` or `ndjson`. `xml` and `spss` are refused.", examples=["csv"]
    )
    compress: _Flag = Field(True, description="Whether the file is a ZIP with one file in it.", examples=[False])
    start_date: MomentOrNone = Field(
        None,
        description="Only responses recorded from this time on, ISO 8601. Of anonymous responses only the day is "
        "known: all of this day are exported.",
        examples=["2026-03-01T00:00:00Z"],
    )
    end_date: MomentOrNone = Field(
        None, description="Only responses recorded before this time, ISO 8601.", examples=["2026-04-01T00:00:00Z"]
    )
    limit: Annotated[int, Field(ge=1), AfterValidator(_cut)] | None = Field(
        None, description="At most so many responses, the oldest.", examples=[1000]
    )
    use_labels: _Flag = Field(
        False, description="In CSV and TSV, labels instead of numbers: `True` for Finished.", examples=[True]
    )
    time_zone: TimeZoneOrNone = Field(
        "", description="IANA time zone of the dates. Default: UTC.", examples=["Europe/Warsaw"]
    )
    newline_replacement: Annotated[str, StringConstraints(max_length=10, pattern=NO_NUL)] | None = Field(
        None, description="In CSV and TSV, what stands instead of line breaks in texts.", examples=[" "]
    )
    format_decimal_as_comma: _Flag = Field(
        False, description="In CSV and TSV, a comma in decimal numbers.", examples=[False]
    )
    question_ids: Annotated[_Ids | None, _QUESTIONS] = Field(
        None, description="Only these answers: ids of questions, or keys of answers.", examples=[["QID1"]]
    )
    embedded_data_ids: _Ids | None = Field(
        None, description="Only this embedded data, by its keys.", examples=[["ward"]]
    )
    survey_metadata_ids: Annotated[_Ids | None, _METADATA] = Field(
        None, description="Only this metadata, by its ids.", examples=[["recordedDate", "_recordId"]]
    )
    export_responses_in_progress: _Flag = Field(
        False, description="true: the file is empty, because only finished responses are stored.", examples=[False]
    )
    breakout_sets: _Flag = Field(True, description="No effect: no question has several answers.", examples=[True])
    include_display_order: _Flag = Field(False, description="No effect: nothing is shuffled.", examples=[False])
    seen_unanswered_recode: int | None = Field(
        None, description="No effect: only texts can be left unanswered.", examples=[-99]
    )
    multiselect_seen_unanswered_recode: int | None = Field(
        None, description="No effect: no question has several answers.", examples=[-99]
    )
    include_label_columns: Annotated[_Flag, _refuse("Not supported. Use useLabels.")] = Field(
        False, description="Only false.", examples=[False]
    )
    filter_id: Annotated[_Id | None, _refuse("There are no saved filters.")] = Field(
        None, description="Only null: there are no saved filters.", examples=[None]
    )
    sort_by_last_modified_date: Annotated[
        _Flag, _refuse("Not supported: responses are in the order in which they were stored.")
    ] = Field(False, description="Only false: responses are in the order in which they were stored.", examples=[False])
    allow_continuation: Annotated[_Flag, _refuse("Not supported. Use startDate for what came later.")] = Field(
        False, description="Only false: use `startDate`.", examples=[False]
    )
    continuation_token: Annotated[_Id | None, _refuse("Not supported. Use startDate for what came later.")] = Field(
        None, description="Only null: use `startDate`.", examples=[None]
    )

    @model_validator(mode="after")
    def _require_time_between(self) -> Self:
        if self.start_date is not None and self.end_date is not None and self.start_date >= self.end_date:
            fault = DataFault(("endDate",), "no_time_between", "endDate must be later than startDate.")
            raise PydanticCustomError("invalid_data", "The dates do not fit together.", {"faults": [fault]})
        return self

    def rendering(self) -> dict[str, Any]:
        """Return what the file is made by, to be stored with the export: see files.py."""
        return {
            "format": self.format,
            "compress": self.compress,
            "useLabels": self.use_labels,
            "timeZone": self.time_zone,
            "newlineReplacement": self.newline_replacement,
            "formatDecimalAsComma": self.format_decimal_as_comma,
            "questionIds": self.question_ids,
            "embeddedDataIds": self.embedded_data_ids,
            "surveyMetadataIds": self.survey_metadata_ids,
        }
