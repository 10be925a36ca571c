"""Answer a page of a list's contacts."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models import Contact, MailingList, Membership
from distributor.api.dialects.distributions_v3.envelope import answer_elements
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.dialects.distributions_v3.paging import Page, next_page


def answer_members(
    request: Request,
    mailing_list: MailingList,
    page: Page[UUID],
    render: Callable[[Sequence[Contact]], list[dict[str, Any]]],
) -> Response:
    """Answer a page of the contacts on a list, newest first."""
    members = Membership.objects.filter(mailing_list=mailing_list, contact__erased_at=None)
    if page.after is not None:
        members = members.filter(contact_id__lt=page.after)
    members = members.order_by("-contact_id").select_related("contact")
    contacts = [member.contact for member in members[page.offset : page.offset + page.size + 1]]
    shown = contacts[: page.size]
    token = public_id(Kind.CONTACT, shown[-1].pk) if len(contacts) > page.size else None
    return answer_elements(render(shown), next_page(request, page, token))
