"""Change the data that is stored with a response."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from contacts.contact_fields import MAX_DATA_KEYS
from contacts.models import Contact
from distributor.models import Response


class NobodysResponseError(Exception):
    """The response is anonymous, or its recipient was erased: nothing about its giver may be stored with it."""


class TooManyAttributesError(Exception):
    """The response would get new attributes, and have more than MAX_DATA_KEYS."""


@transaction.atomic
def change_attributes(response_id: UUID, changes: Mapping[str, Any]) -> None:
    """Lay the given attributes over those of a response. Raises NobodysResponseError and TooManyAttributesError.

    The response is locked before the contact is looked at: an erasure then either has been seen, or waits and empties
    the attributes afterwards.
    """
    response = Response.objects.select_for_update(no_key=True).get(pk=response_id)
    giver = Contact.objects.filter(journeys=response.recipient_id, erased_at=None)
    if response.recipient_id is None or not giver.exists():
        raise NobodysResponseError
    attributes = {**response.attributes, **changes}
    # It may have more: the contact's, the distribution's and the recipient's own.
    if len(attributes) > max(MAX_DATA_KEYS, len(response.attributes)):
        raise TooManyAttributesError
    response.attributes = attributes
    response.save(update_fields=["attributes"])
