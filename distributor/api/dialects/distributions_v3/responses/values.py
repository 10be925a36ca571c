"""The published names of a response's answers and data, and the response as a JSON element."""

from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import tzinfo
from typing import Any, Final, NamedTuple

from distributor.api.dialects.distributions_v3.responses.metadata import (
    DATES,
    LABELS,
    METADATA,
    METADATA_IDS,
    format_date,
    metadata_of,
)
from distributor.api.dialects.distributions_v3.surveys.questions import TAGS, VALUE_IDS, Question

# The names of columns, too: a reader of CSV keeps the last of two columns with one name.
_COLUMNS: Final = TAGS | {each.name for each in METADATA}
_RESERVED: Final = METADATA_IDS | VALUE_IDS.keys() | set(VALUE_IDS.values()) | _COLUMNS


class ValueNames(NamedTuple):
    """The names among a response's values: of answers, and of embedded data, each by our own keys."""

    answers: Mapping[str, str]
    data: Mapping[str, str]


def name_values(questions: Iterable[Question], answer_keys: Iterable[str], data_keys: Iterable[str]) -> ValueNames:
    """Return the names of these keys.

    An answer to a known question has the question's id. Any other has its own key, as embedded data has; one that would
    hide something else gets a prefix: `answers.status`, `embeddedData.status`.
    """
    known = {question.answer_key: question.value_id for question in questions}
    answers = {key: known.get(key) or _answer_name(key) for key in dict.fromkeys([*known, *answer_keys])}
    taken = set(answers.values())
    return ValueNames(answers, {key: _data_name(key, taken) for key in data_keys})


def _answer_name(key: str) -> str:
    return f"answers.{key}" if key in _RESERVED else key


def _data_name(key: str, taken: Container[str]) -> str:
    return f"embeddedData.{key}" if key in _RESERVED or key in taken else key


def render_response(
    row: Mapping[str, Any], questions: Sequence[Question], names: ValueNames, zone: tzinfo, shown: "Shown"
) -> dict[str, Any]:
    """Return a response as published: `responseId`, `values`, `labels`, `displayedFields` and `displayedValues`."""
    metadata = metadata_of(row)
    values = {
        name: format_date(value, zone) if name in DATES else value
        for name, value in metadata.items()
        if shown.has_metadata(name)
    }
    answers: dict[str, Any] = {}
    for key, value in row["answers"].items():
        name = names.answers.get(key) or _answer_name(key)
        if value not in (None, "") and shown.has_answer(name):
            answers[name] = value
    data = {
        names.data.get(key) or _data_name(key, answers): value
        for key, value in row["embeddedData"].items()
        if shown.has_data(key)
    }
    asked = [question for question in questions if shown.has_answer(question.value_id)]
    chosen = [question.value_id for question in asked if question.choices and question.value_id in answers]
    labels = {name: label for name, label in LABELS.items() if name in values}
    return {
        "responseId": metadata["_recordId"],
        "values": values | answers | data,
        "labels": labels | {name: str(answers[name]) for name in chosen},
        "displayedFields": [question.value_id for question in asked],
        "displayedValues": {
            question.value_id: [int(choice) for choice in question.choices] for question in asked if question.choices
        },
    }


class Shown(NamedTuple):
    """Which metadata, answers and data a call asks for, each by id. None: all."""

    metadata: frozenset[str] | None = None
    answers: frozenset[str] | None = None
    data: frozenset[str] | None = None

    def has_metadata(self, name: str) -> bool:
        return self.metadata is None or name in self.metadata

    def has_answer(self, name: str) -> bool:
        """`QID2` is the question, `QID2_TEXT` its value: either asks for it."""
        return self.answers is None or name in self.answers or name.partition("_TEXT")[0] in self.answers

    def has_data(self, key: str) -> bool:
        return self.data is None or key in self.data
