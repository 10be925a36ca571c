"""Subscriptions as they are read and written."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from distributor.api.bodies.fields import NULL_IS_DEFAULT, ONE_LINE
from distributor.api.dialects.distributions_v3.documentation import id_field
from distributor.api.dialects.distributions_v3.envelope import Element
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.wire import Body

_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=ONE_LINE)]
_Url = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000, pattern=ONE_LINE)]
_TOPIC = "surveyengine.completedResponse.SV_0MtUzZ3kQhJw1xY"
_URL = "https://example.com/hooks/responses"


class SubscriptionBody(Body):
    """A topic, and where it is told."""

    topics: _Text = Field(
        description="`surveyengine.completedResponse.SV_…`: responses to a survey. `*`: responses to all surveys. "
        "There are no events of other published topics.",
        examples=[_TOPIC],
    )
    publication_url: _Url = Field(
        description="Where events are sent. It must be public, and begin with https://.", examples=[_URL]
    )
    encrypt: Annotated[bool, NULL_IS_DEFAULT] = Field(
        False,
        description="Needs a sharedKey, by which each event is signed. TLS alone encrypts.",
        examples=[False],
    )
    shared_key: Annotated[str, StringConstraints(max_length=255, pattern=ONE_LINE)] | None = Field(
        None, description="A secret that signs each event. It is not shown again.", examples=["k5Tn0qRw"]
    )


class SubscriptionNamed(Body):
    """A subscription, named by what it was made with."""

    topics: _Text = Field(description="Its topic.", examples=[_TOPIC])
    publication_url: _Url = Field(description="Its URL.", examples=[_URL])


class SubscriptionMade(Element):
    """The subscription that was made."""

    id: str = id_field(Kind.SUBSCRIPTION, "Id of the subscription.")


class SubscriptionElement(Element):
    """A subscription."""

    id: str = id_field(Kind.SUBSCRIPTION, "Id of the subscription.")
    scope: str = Field(description="Slug of the organisation.", examples=["example-hospital"])
    topics: str = Field(description="Its topic.", examples=[_TOPIC])
    publication_url: str = Field(description="Where events are sent.", examples=[_URL])
    encrypted: bool = Field(description="Whether events are signed by a shared key.", examples=[False])
    successful_calls: int = Field(description="Requests of the last 7 days that were answered with 2xx.", examples=[12])


def render_subscription(endpoint: Any) -> dict[str, Any]:
    """Render an endpoint, loaded with its organisation and the number of `delivered` requests."""
    return SubscriptionElement(
        id=public_id(Kind.SUBSCRIPTION, endpoint.pk),
        scope=endpoint.organization.slug,
        topics=endpoint.topics,
        publication_url=endpoint.url,
        encrypted=bool(endpoint.secrets),
        successful_calls=endpoint.delivered,
    ).render()


def values_of(body: SubscriptionBody) -> dict[str, Any]:
    """Return the columns of an endpoint that a body gives."""
    return {
        "name": f"Subscription to {body.topics}"[:255],
        "url": body.publication_url,
        "topics": body.topics,
        "secrets": {"current": body.shared_key} if body.shared_key else {},
    }


def same_as(named: SubscriptionNamed) -> dict[str, Any]:
    """Return the lookups of the subscriptions that a body names."""
    return {"topics": named.topics, "url": named.publication_url}
