"""Members of organisations: the users who see an organisation in the admin."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from contacts.ids import new_id
from contacts.models.organization import Organization
from contacts.operators.roles import Role

ROLES = [
    (Role.VIEWER.value, "viewer: reads"),
    (Role.OPERATOR.value, "operator: also sends, stops and edits contacts, lists, surveys and templates"),
    (Role.MANAGER.value, "manager: also provider accounts, API keys, members and settings"),
]


class OrganizationMember(models.Model):
    """A user's role in an organisation. What a role permits is in contacts/operators/roles.py."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="members", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="organization_roles")
    role = models.CharField(max_length=8, choices=ROLES, help_text="What the member may do in this organisation.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("organization", "user")
        constraints = [
            models.UniqueConstraint(
                fields=("organization", "user"),
                name="one_role_per_member",
                violation_error_message="This user is already a member of the organisation.",
            ),
            models.CheckConstraint(
                condition=Q(role__in=[role.value for role in Role]),
                name="a_role_is_viewer_operator_or_manager",
                violation_error_message="The role must be viewer, operator or manager.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.role} of {self.organization})"
