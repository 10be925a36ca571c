"""The people that surveys are sent to."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Func, Q, Value
from django.db.models.functions import Lower

from contacts.addresses import email_in_unicode
from contacts.ids import new_id
from contacts.models.organization import Organization, validate_time_zone
from contacts.organization_boundary import KeepsOrganization

# Django's Concat would add COALESCE, and searches would have to repeat it.
NAME_AND_ADDRESS = Func(
    "first_name", Value(" "), "last_name", Value(" "), "email",
    arg_joiner=" || ", template="(%(expressions)s)",
)  # fmt: skip


class Contact(models.Model):
    """A person as one organisation knows them.

    The external id is unique in the organisation. The e-mail address is not, because a family may share one. It is
    unique only among contacts without an external id: it is their identity, so two simultaneous calls create one
    contact. The same applies to the phone of contacts that have neither.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(
        Organization, models.CASCADE, related_name="contacts", db_constraint=False, db_index=False
    )
    external_id = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001  NULL: no external id
    email = models.CharField(max_length=254, blank=True)
    phone = models.CharField(max_length=16, blank=True, help_text="E.164, for example +48601234567.")
    first_name = models.CharField(max_length=255, blank=True)
    last_name = models.CharField(max_length=255, blank=True)
    title = models.CharField(max_length=255, blank=True)
    locale = models.CharField(max_length=35, blank=True, help_text="BCP 47, for example pl or zh-CN.")
    time_zone = models.CharField(max_length=63, blank=True, validators=[validate_time_zone])
    embedded_data = models.JSONField(default=dict, blank=True)
    opted_out_at = models.DateTimeField(null=True, blank=True, help_text="When they opted out of all surveys.")
    erased_at = models.DateTimeField(null=True, editable=False, help_text="When the personal data was erased.")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=("organization", "external_id"),
                name="one_contact_per_external_id",
                violation_error_message="Another contact of the organisation has this external ID.",
                condition=Q(external_id__isnull=False),
            ),
            models.UniqueConstraint(
                "organization",
                Lower("email"),
                name="one_contact_per_email_if_known_by_nothing_else",
                violation_error_message="Another contact without an external ID has this e-mail address.",
                condition=Q(external_id__isnull=True) & ~Q(email=""),
            ),
            models.UniqueConstraint(
                fields=("organization", "phone"),
                name="one_contact_per_phone_if_known_by_nothing_else",
                violation_error_message="Another contact that is known by its number only has this phone number.",
                condition=Q(external_id__isnull=True, email="") & ~Q(phone=""),
            ),
            models.CheckConstraint(
                condition=Q(erased_at=None)
                | Q(
                    external_id=None,
                    email="",
                    phone="",
                    first_name="",
                    last_name="",
                    title="",
                    locale="",
                    time_zone="",
                    embedded_data={},
                ),
                name="an_erased_contact_holds_nothing_personal",
                violation_error_message="An erased contact cannot get a name or address again. Add a new contact.",
            ),
            KeepsOrganization(name="a_contact_keeps_its_organization"),
        ]
        indexes = [
            models.Index(fields=("organization", "id"), name="contact_by_organization"),
            models.Index("organization", Lower("email"), name="contact_by_email", condition=~Q(email="")),
            models.Index(fields=("organization", "phone"), name="contact_by_phone", condition=~Q(phone="")),
            # Few rows: lists of people who have opted out.
            models.Index(
                fields=("organization", "id"), name="contacts_opted_out", condition=Q(opted_out_at__isnull=False)
            ),
            # Groups of three letters: finds a part of a name or an address, for operators who search.
            GinIndex(OpClass(NAME_AND_ADDRESS, name="gin_trgm_ops"), name="contacts_by_part"),
        ]

    def __str__(self) -> str:
        return self.external_id or self.email or self.phone or str(self.id)

    @property
    def email_unicode(self) -> str:
        """The e-mail address with its international domain as people write it; "" if it has none."""
        return email_in_unicode(self.email)

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()
