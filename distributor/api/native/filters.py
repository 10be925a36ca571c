"""Filters that lists share: by contact, and ids in general."""

from uuid import UUID

from pydantic import Field
from rest_framework.request import Request

from distributor.api.answers.problems import Fault
from distributor.api.native.list_queries import ListQuery
from distributor.engine.queries.contacts import find_contact_ids


class OfContact(ListQuery):
    """A list that can be limited to a contact.

    A filter that is given and blank finds nobody, so a script whose variable is empty is not shown everybody.
    """

    contact_id: UUID | None = Field(
        None, description="Only the contact with this id.", examples=["0194c4f0-5a3d-7b19-a0c4-9d1e2f3a4b5c"]
    )
    external_id: str | None = Field(None, description="Only the contact with this external id.", examples=["PAT-1"])
    email: str | None = Field(
        None,
        description="Only contacts with this e-mail address, in any letter case. In a URL “+” need not be escaped; to "
        "keep addresses out of URLs and logs, search with POST.",
        examples=["ann@example.com"],
    )

    def contact_ids(self, organization_id: UUID) -> list[UUID] | None:
        """Return the ids of the contacts that pass the filters; None if none is given."""
        return find_contact_ids(organization_id, self.contact_id, self.external_id, self.email)


def read_uuid(request: Request, name: str, faults: list[Fault]) -> UUID | None:
    """Return the value of a filter; None if it is not given. Add a fault if it is no UUID."""
    text = request.query_params.get(name)
    try:
        return None if text is None else UUID(text)
    except ValueError:
        faults.append(Fault(f"?{name}", "invalid", f"{name} must be a UUID."))
        return None
