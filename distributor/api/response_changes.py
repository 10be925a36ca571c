"""Change the data that is stored with a response, and word why it cannot be changed."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

from distributor.api.answers.problems import Fault, Problem, invalid_request, not_found
from distributor.api.bodies.fields import MAX_KEYS
from distributor.engine.responses.change import NobodysResponseError, TooManyAttributesError, change_attributes
from distributor.models import Response


def change_stored_data(response_id: UUID, attributes: Mapping[str, Any], pointer: str) -> None:
    """Lay data, which stands at `pointer` in the body, over what is stored. Raises 400, 404 and 409 Problems."""
    try:
        change_attributes(response_id, attributes)
    except Response.DoesNotExist:
        raise not_found("response") from None  # retention has deleted it a moment ago
    except TooManyAttributesError:
        text = f"Too many keys with those that are stored: at most {MAX_KEYS}."
        raise invalid_request([Fault(pointer, "too_many_keys", text)]) from None
    except NobodysResponseError:
        text = "Nothing about its giver is stored with an anonymous response."
        raise Problem(HTTPStatus.CONFLICT, "anonymous_response", text) from None
