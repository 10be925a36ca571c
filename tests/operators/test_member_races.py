"""Managers who add members at once. They commit, so they have a module of their own."""

from functools import partial

import pytest
from django.contrib.auth.models import User

from contacts.models import Organization, OrganizationMember
from tests.support.admin_pages import address
from tests.support.operators import member, signed_in
from tests.support.simultaneous import run_together


@pytest.mark.django_db(transaction=True)
def test_two_managers_add_a_user_at_once(organization: Organization) -> None:
    """One member and one user, and an answer for both."""
    managers = [signed_in(member(organization, "manager", name)) for name in ("mona", "max")]
    for login, count in (("new@example.com", 1), ("known", 1)):
        if login == "known":
            User.objects.create_user("known", is_staff=True)
            other = Organization.objects.create(name="Other", slug="other")
            for name in ("known", "mona", "max"):
                member(other, "manager", name)
        data = {"organization": organization.pk, "login": login, "role": "viewer"}
        add_it = [partial(client.post, address(OrganizationMember, "add"), data) for client in managers]
        statuses = [answer.status_code for answer in run_together(add_it)]
        assert all(status < 500 for status in statuses)
        assert User.objects.filter(username=login).count() == count
        assert OrganizationMember.objects.filter(user__username=login, organization=organization).count() == count
