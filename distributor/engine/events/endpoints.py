"""Make and change endpoints, and ask for more than what is new: a ping, a delivery again, a period again."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from django.db import transaction

from channels.providers.egress import address_fault
from contacts.ids import new_id
from contacts.models import Organization
from distributor.engine.events.formats import told_types
from distributor.engine.events.numbering import number_events
from distributor.engine.events.signature import new_secret, rotate
from distributor.engine.events.stream import end_of_stream
from distributor.engine.infrastructure.wakeups import wake_events_on_commit
from distributor.models import EventDelivery, EventEndpoint, EventReplay
from distributor.models.event_endpoint import DeliveryState
from distributor.rules.event_types import EventType

MAX_ENDPOINTS: Final = 20
MAX_HEADERS: Final = 20
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}\Z")
_HEADER_VALUE: Final = re.compile(r"[\x20-\x7e]{0,1000}\Z")
# Of the request itself, or of its connection.
_OF_CONNECTIONS: Final = ("connection", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade")
_OWN_HEADERS: Final = {*_OF_CONNECTIONS, "content-encoding", "content-length", "content-type", "user-agent"}


class EndpointInactiveError(Exception):
    """Nothing is sent to this endpoint."""


class FixedTypesError(Exception):
    """The endpoint has a format of its own, which has no words for these types of events. str() says which it has."""


class TooManyEndpointsError(Exception):
    """The organisation has as many endpoints as it may have. str() says so."""


def lock_room(organization: Organization) -> None:
    """Keep room for one more endpoint until the caller's transaction ends. Raises TooManyEndpointsError."""
    Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
    if EventEndpoint.objects.filter(organization=organization).count() >= MAX_ENDPOINTS:
        raise TooManyEndpointsError(f"An organisation may have at most {MAX_ENDPOINTS} endpoints. Delete one first.")


@transaction.atomic
def create_endpoint(organization: Organization, values: Mapping[str, Any], now: datetime) -> EventEndpoint:
    """Make an endpoint that is sent what happens from now on. Its secret is made here, unless it is given.

    Raises TooManyEndpointsError.
    """
    lock_room(organization)
    number_events(organization.pk)
    start = end_of_stream(organization.pk)
    return EventEndpoint.objects.create(
        organization=organization,
        starts_at=now,
        next_position=start.position,
        next_place=start.place,
        **{"secrets": {"current": new_secret()}, **values},
    )


def change_endpoint(endpoint: EventEndpoint, values: Mapping[str, Any]) -> None:
    """Change an endpoint that the caller has locked. Switching it on ends its trouble: what waited is sent now.

    It also ends a claim: what comes of requests that are on their way no longer counts.
    Headers may hold passwords, which were entered for the old host: they never follow to another one.
    Raises FixedTypesError.
    """
    if "types" in values:
        require_told(endpoint, values["types"])
    if "url" in values and origin_of(values["url"]) != origin_of(endpoint.url) and "headers" not in values:
        values = {**values, "headers": {}}
    for name, value in values.items():
        setattr(endpoint, name, value)
    if endpoint.is_active and ("is_active" in values or "url" in values):
        endpoint.failures, endpoint.failing_since, endpoint.retry_at, endpoint.last_error = 0, None, None, ""
        endpoint.disabled_at, endpoint.disabled_because = None, ""
        endpoint.fence, endpoint.claimed_until = endpoint.fence + 1, None
        wake_events_on_commit()
    endpoint.save(
        update_fields=[
            *values, "failures", "failing_since", "retry_at", "last_error", "disabled_at", "disabled_because", "fence",
            "claimed_until",
        ]
    )  # fmt: skip


def rotate_secret(endpoint: EventEndpoint, now: datetime) -> None:
    """Make a new secret. For 24 hours the old one signs, too."""
    endpoint.secrets = rotate(endpoint.secrets, now)
    endpoint.save(update_fields=["secrets"])


def send_ping(endpoint: EventEndpoint, now: datetime) -> EventDelivery:
    """Let a worker send a ping, before everything else. Raises EndpointInactiveError."""
    if not endpoint.is_active:
        raise EndpointInactiveError
    message_id = f"ping_{new_id().hex[:26]}"
    ping = EventDelivery.objects.create(
        endpoint=endpoint,
        message_id=message_id,
        types=[EventType.PING.value],
        state=DeliveryState.PENDING,
        created_at=now,
        due_at=now,
    )
    wake_events_on_commit()
    return ping


def redeliver(delivery: EventDelivery, now: datetime) -> EventDelivery:
    """Let a worker send a request again, with the same id. One that is pending is due now."""
    # A worker may have delivered it since it was read.
    if EventDelivery.objects.filter(pk=delivery.pk, state=DeliveryState.PENDING).update(due_at=now):
        delivery.refresh_from_db()
    else:
        delivery = EventDelivery.objects.create(
            endpoint_id=delivery.endpoint_id,
            message_id=delivery.message_id,
            bundle_ids=delivery.bundle_ids,
            places=delivery.places,
            contact_ids=delivery.contact_ids,
            types=delivery.types,
            state=DeliveryState.PENDING,
            created_at=now,
            due_at=now,
        )
    wake_events_on_commit()
    return delivery


def replay(
    endpoint: EventEndpoint, since: datetime, before: datetime, types: Sequence[str], now: datetime
) -> EventReplay:
    """Let workers send the events of a period again, behind everything that is new. Raises FixedTypesError."""
    if types:
        require_told(endpoint, types)
    made = EventReplay.objects.create(endpoint=endpoint, since=since, before=before, types=list(types), created_at=now)
    wake_events_on_commit()
    return made


def require_told(endpoint: EventEndpoint, types: Sequence[str]) -> None:
    """Raise FixedTypesError if the endpoint has a format of its own, and these are not the types that it tells."""
    told = told_types(endpoint, types)
    if set(types) != set(told):
        raise FixedTypesError(f"A subscription has its own types, which do not change: {', '.join(told)}.")


def url_fault(url: str) -> str | None:
    """Return why events cannot be sent to a URL, as far as that shows; else None."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "Not a valid URL."
    if parts.scheme not in ("https", "http") or not parts.hostname:
        return "Not a valid URL. It must begin with https://."
    if parts.username is not None or parts.password is not None:
        return "A URL must not hold a password. Use a header."
    if parts.fragment or not url.isascii() or any(character <= " " for character in url):
        return "Not a valid URL: no fragment, no blanks, ASCII only."
    return address_fault(parts.hostname, port, is_encrypted=parts.scheme == "https")


def header_faults(headers: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the name of each header that cannot be sent, and why."""
    if len(headers) > MAX_HEADERS:
        yield "", f"Too many headers: at most {MAX_HEADERS}."
    for name, value in headers.items():
        lowered = name.lower()
        if not _HEADER_NAME.match(name):
            yield name, "Not the name of a header."
        elif lowered in _OWN_HEADERS or lowered.startswith("webhook-"):
            yield name, "This header is set by the request itself."
        elif not isinstance(value, str) or not _HEADER_VALUE.match(value):
            yield name, "A header's value is one line of at most 1,000 ASCII characters."


def origin_of(url: str) -> tuple[str, str]:
    """Return the scheme, and the host with its port."""
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
