"""What an operator has answered so far, carried from page to page in a signed field of the form.

Not in the session: up to 10,000 people would be stored before anybody decided to write to them, and would be read again
with each request; and two tabs would overwrite each other. What is signed is only the key that sends once and the
organisation: the answers are checked again on each page. The signature ends after a day.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Self
from uuid import UUID

from django.core import signing
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from contacts.ids import new_id

LIFETIME: Final = timedelta(days=1)
_NOT_ANSWERS: Final = frozenset({"csrfmiddlewaretoken", "draft", "page", "go"})


class DraftExpiredError(Exception):
    """The draft is older than a day, or is not one that this user was given."""


@dataclass(slots=True)
class Draft:
    """`key` makes one send, however often the last page is posted. `answers` are the fields of each page, as given."""

    organization_id: UUID
    key: UUID = field(default_factory=new_id)
    answers: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    def answer(self, page: str, posted: QueryDict) -> None:
        """Keep the answers of a page instead of earlier ones."""
        self.answers[page] = {name: values for name, values in posted.lists() if name not in _NOT_ANSWERS}

    def data_of(self, page: str) -> MultiValueDict[str, str] | None:
        """Return the answers of a page as forms read them; None if it was not answered."""
        given = self.answers.get(page)
        return None if given is None else MultiValueDict(given)

    def sign(self, user: Any, without: str = "") -> str:
        """Return the draft as text, without the answers of the page whose fields are on the form themselves."""
        answers = {page: given for page, given in self.answers.items() if page != without}
        kept: Mapping[str, Any] = {"organization": str(self.organization_id), "key": str(self.key), "answers": answers}
        return signing.dumps(kept, salt=_salt(user), compress=True)

    @classmethod
    def read(cls, text: str, user: Any) -> Self:
        """Raises DraftExpiredError."""
        try:
            kept = signing.loads(text, salt=_salt(user), max_age=LIFETIME)
        except signing.BadSignature:
            raise DraftExpiredError from None
        return cls(UUID(kept["organization"]), UUID(kept["key"]), kept["answers"])


def _salt(user: Any) -> str:
    return f"control room draft of {user.pk}"
