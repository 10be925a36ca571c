"""Bodies and answers of the survey calls."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints
from pydantic.alias_generators import to_camel

from distributor.api.bodies.fields import CLEARED, ONE_LINE, LanguageTag, Line, Name, NullIfBlank, Text, UrlOrNone
from distributor.api.wire import Body, Document, Page
from distributor.models import Survey

MAX_MINUTES = 5_256_000  # ten years
_Locale = Annotated[LanguageTag, Field(min_length=1)]
_Question = Annotated[Annotated[str, StringConstraints(max_length=500, pattern=ONE_LINE)] | None, CLEARED]


class SurveyTexts(Body):
    """A survey's texts in one language. What is not given is taken from the survey itself."""

    question: _Question = Field("", description="The question on the built-in page.", examples=["Czy było czysto?"])
    low_end: Line = Field("", description="What 0 means.", examples=["0 – wcale"])
    high_end: Line = Field("", description="What 10 means.", examples=["10 – w pełni"])
    thank_you_message: Text = Field("", description="The text shown after a response.", examples=["Dziękujemy."])
    thank_you_link_text: Line = Field("", description="The text of the link below it.", examples=["Strona główna"])
    thank_you_link_url: UrlOrNone = Field(
        "", description="Where that link leads.", examples=["https://www.example.com/pl"]
    )


class SurveyChanges(Body):
    """The fields to change. null clears a text."""

    name: Name = Field("", description="The name of the survey.", examples=["Your stay"])
    default_locale: Annotated[LanguageTag, Field(min_length=1)] = Field(
        "en", description="The language for contacts without a locale, in BCP 47.", examples=["pl"]
    )
    target_url: UrlOrNone = Field(
        "",
        description="Where a link leads. Its host must be among the organisation's allowed redirect hosts. "
        "null: the link shows the built-in question.",
        examples=["https://survey.example.com/s/1"],
    )
    question: _Question = Field("", description="The question on the built-in page.", examples=["How was it?"])
    throttle_minutes: Annotated[int, Field(ge=0, le=MAX_MINUTES)] | None = Field(
        None,
        description="The minimum time before the same contact is sent this survey again. 0: none. null: the "
        "organisation's rule.",
        examples=[10080],
    )
    thank_you_message: Text = Field(
        "", description="The text shown after a response.", examples=["Thank you for your time."]
    )
    thank_you_link_text: Line = Field("", description="The text of the link below it.", examples=["Home"])
    thank_you_link_url: UrlOrNone = Field(
        "", description="Where that link leads.", examples=["https://www.example.com/"]
    )
    texts: dict[_Locale, SurveyTexts] = Field(
        {},
        max_length=100,
        description="The texts of the built-in pages in other languages, by locale (BCP 47). Replaces all of them.",
        examples=[{"pl": {"question": "Czy było czysto?", "lowEnd": "0 – wcale", "highEnd": "10 – w pełni"}}],
    )

    def given_values(self) -> dict[str, Any]:
        values = super().given_values()
        if "texts" in values:
            values["texts"] = {locale: texts.model_dump(exclude_defaults=True) for locale, texts in self.texts.items()}
        return values


class SurveyBody(SurveyChanges):
    """A survey to create."""

    name: Name = Field(description="The name of the survey.", examples=["Your stay"])


class SurveyDocument(Document):
    """A survey."""

    id: UUID = Field(description="The id of the survey.", examples=["0194c4f0-3c2b-7e44-9f10-1a2b3c4d5e6f"])
    name: str = Field(description="The name of the survey.", examples=["Your stay"])
    default_locale: str = Field(description="The language for contacts without a locale, in BCP 47.", examples=["pl"])
    target_url: NullIfBlank = Field(
        description="Where a link leads; null for the built-in question.", examples=["https://survey.example.com/s/1"]
    )
    question: NullIfBlank = Field(description="The question on the built-in page.", examples=["How was it?"])
    throttle_minutes: int | None = Field(
        description="The minimum time before the same contact is sent this survey again; null for the organisation's "
        "rule.",
        examples=[10080],
    )
    thank_you_message: NullIfBlank = Field(
        description="The text shown after a response.", examples=["Thank you for your time."]
    )
    thank_you_link_text: NullIfBlank = Field(description="The text of the link below it.", examples=["Home"])
    thank_you_link_url: NullIfBlank = Field(description="Where that link leads.", examples=["https://www.example.com/"])
    texts: dict[str, dict[str, str]] = Field(
        {},
        description="The texts in other languages, by locale. Present only if there are any.",
        examples=[{"pl": {"question": "Czy było czysto?", "lowEnd": "0 – wcale", "highEnd": "10 – w pełni"}}],
        exclude_if=lambda texts: not texts,
    )
    created_at: datetime = Field(description="When the survey was created.", examples=["2026-01-20T10:15:00Z"])


def render_survey(survey: Survey) -> dict[str, Any]:
    """Render a survey, its texts with their names on the wire."""
    rendered = SurveyDocument.model_validate(survey).rendered()
    if survey.texts:
        rendered["texts"] = {
            locale: {to_camel(name): text for name, text in texts.items()} for locale, texts in survey.texts.items()
        }
    return rendered


class SurveyPage(Page[SurveyDocument]):
    """Surveys, newest first."""
