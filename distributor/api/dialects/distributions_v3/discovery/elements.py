"""Elements of the discovery calls, rendered from rows."""

from pydantic import Field

from distributor.api.dialects.distributions_v3.documentation import id_field
from distributor.api.dialects.distributions_v3.envelope import Element
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.dialects.distributions_v3.timestamps import format_time
from distributor.models import Survey


class Caller(Element):
    """The API key of the call, and its organisation."""

    brand_id: str = Field(description="Slug of the organisation.", examples=["example-hospital"])
    user_id: str = Field(
        description="Id of the organisation, which owns everything that the key can reach.",
        examples=[Kind.LIBRARY.example],
    )
    user_name: str = Field(description="Name of the API key.", examples=["CRM integration"])
    time_zone: str = Field(description="Time zone of the organisation (IANA).", examples=["Europe/Warsaw"])


class SurveyElement(Element):
    """A survey. A published client's test compares the order of the fields."""

    id: str = id_field(Kind.SURVEY, "Id of the survey.")
    name: str = Field(description="Name of the survey.", examples=["Patient satisfaction"])
    owner_id: str = Field(description="Id of the organisation.", examples=[Kind.LIBRARY.example])
    last_modified: str = Field(
        description="When the survey was created; later changes are not recorded.", examples=["2026-03-05T09:00:00Z"]
    )
    creation_date: str = Field(description="When the survey was created.", examples=["2026-03-05T09:00:00Z"])
    is_active: bool = Field(description="Always true.", examples=[True])


class DirectoryElement(Element):
    """A directory of contacts. Each organisation has one."""

    directory_id: str = id_field(Kind.DIRECTORY, "Id of the directory.")
    name: str = Field(description="Name of the organisation.", examples=["Example Hospital"])
    contact_count: int = Field(description="Number of contacts.", examples=[12500])
    is_default: bool = Field(description="Always true.", examples=[True])


class LibraryElement(Element):
    """A library of messages. Each organisation has one."""

    library_id: str = id_field(Kind.LIBRARY, "Id of the library.")
    library_name: str = Field(description="Name of the organisation.", examples=["Example Hospital"])


def render_survey(survey: Survey, owner_id: str) -> SurveyElement:
    return SurveyElement(
        id=public_id(Kind.SURVEY, survey.pk),
        name=survey.name,
        owner_id=owner_id,
        is_active=True,
        last_modified=format_time(survey.created_at),
        creation_date=format_time(survey.created_at),
    )
