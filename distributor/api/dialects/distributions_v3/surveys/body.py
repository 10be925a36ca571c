"""The body of `PUT /surveys/{SV}`."""

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from distributor.api.bodies.fields import NULL_IS_DEFAULT, Name
from distributor.api.dialects.distributions_v3.distributions.body_parts import MomentOrNone
from distributor.api.dialects.distributions_v3.ids import Kind
from distributor.api.dialects.distributions_v3.wire import LibraryIdOrNone
from distributor.api.wire import Body


def _refuse_inactive(is_active: bool | None) -> bool | None:
    if is_active is False:
        text = "A survey cannot be switched off. Cancel its distributions instead, which closes their links."
        raise PydanticCustomError("not_supported", text)
    return is_active


class ExpirationBody(Body):
    """Between which times the survey takes responses. Only nulls: links expire by distribution."""

    start_date: MomentOrNone = Field(None, description="Only null.", examples=[None])
    end_date: MomentOrNone = Field(None, description="Only null.", examples=[None])


def _refuse_dates(expiration: ExpirationBody | None) -> ExpirationBody | None:
    if expiration is not None and (expiration.start_date or expiration.end_date):
        text = "A survey does not expire. Give each distribution an expirationDate instead."
        raise PydanticCustomError("not_supported", text)
    return expiration


class SurveyChangesBody(Body):
    """What to change of a survey. What is left out stays."""

    name: Annotated[Name, NULL_IS_DEFAULT] = Field("", description="New name.", examples=["Patient satisfaction"])
    is_active: Annotated[bool | None, AfterValidator(_refuse_inactive)] = Field(
        None, description="Only true: surveys cannot be switched off.", examples=[True]
    )
    expiration: Annotated[ExpirationBody | None, AfterValidator(_refuse_dates)] = Field(
        None, description="Only nulls: links expire by distribution."
    )
    owner_id: LibraryIdOrNone = Field(
        None, description="Owner: only the organisation's id.", examples=[Kind.LIBRARY.example]
    )
