"""Ids of the lists-and-links API, which operators paste into the search box."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from django.db.models import Model

from channels.models import Template
from contacts.models import Contact, MailingList
from distributor.api.dialects.distributions_v3.ids import Kind, read_id
from distributor.models import Distribution, Response, Survey

_KINDS: Final[Mapping[type[Model], tuple[Kind, ...]]] = {
    Contact: (Kind.CONTACT, Kind.CONTACT_LOOKUP),
    Distribution: (Kind.DISTRIBUTION,),
    Survey: (Kind.SURVEY,),
    Template: (Kind.MESSAGE,),
    MailingList: (Kind.MAILING_LIST,),
    Response: (Kind.RESPONSE,),
}


def read_keys(model: type[Model], text: str) -> tuple[UUID, UUID] | None:
    """Return the first and the last key that an id such as `CG_0MtUzZ3kQhJw1xY` may stand for; None of other texts."""
    for kind in _KINDS.get(model, ()):
        if keys := read_id(kind, text):
            return keys.first, keys.last
    return None
