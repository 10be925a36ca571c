"""Base models of what travels over the wire: request bodies, answers and pages of answers."""

from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

ItemT = TypeVar("ItemT")


class WireModel(BaseModel):
    """A shape with camelCase names on the wire and snake_case names in Python.

    An API with other names sets another `alias_generator`.
    """

    model_config = ConfigDict(alias_generator=to_camel, frozen=True)


class Body(WireModel):
    """A request body. Unknown names are faults, so a misspelt field is not silently ignored."""

    model_config = ConfigDict(strict=True, extra="forbid")

    def given_values(self) -> dict[str, Any]:
        """Return the fields that were given, by their Python names, which are the names of the columns."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class LenientBody(WireModel):
    """A request body of an API whose contract is to ignore unknown names."""

    model_config = ConfigDict(strict=True, extra="ignore")


class Document(WireModel):
    """An answer, built from a row (`model_validate(row)`) or by its constructor."""

    # Plain values: the renderer takes no subclasses of str, and Django's choices are such subclasses.
    model_config = ConfigDict(validate_by_name=True, from_attributes=True, use_enum_values=True)

    def rendered(self) -> dict[str, Any]:
        """Return the answer with its names on the wire, ready for the JSON renderer."""
        return self.model_dump(by_alias=True)


class Page(Document, Generic[ItemT]):
    """Part of a list. Subclass it in one line to give the page its name in the OpenAPI document."""

    items: list[ItemT] = Field(description="The items of this page.")
    next_cursor: str | None = Field(
        description="Pass it as `?cursor=` to get the next page. null on the last page.",
        examples=["MDE5NGM0ZjAtNmM1Mi03YzNlLTlhNTMtNWMxYTNkMGU3ZjQy"],
    )
