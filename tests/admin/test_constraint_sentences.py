"""What a constraint refuses, an operator reads as a sentence. Names of constraints are for logs."""

import re
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db.models import Model, UniqueConstraint
from django.db.models.constraints import BaseConstraint
from django.test import Client

from contacts.models import Contact, Organization
from contacts.organization_boundary import KeepsOrganization, OrganizationKey, SameOrganization, SameOrganizationKey
from tests.support.admin_pages import address

# Rows that no form changes: the engine writes them, or the API does after checks of its own.
WITHOUT_FORMS = {
    "AccountScore", "Attempt", "Batch", "Decision", "Distribution", "ErasedAddress", "EventBundle", "EventDelivery",
    "EventReplay", "Expansion", "Export", "FormerAddress", "IdempotencyKey", "Installation", "ManualRetry",
    "Occurrence", "ProviderEvent", "Recipient", "RefusedSender", "Response", "Step", "StepAccount",
}  # fmt: skip
# Its field is on no form: engine/schedule computes it.
UNREACHABLE = {"who_is_active_knows_its_next_moment", "one_automatic_template_per_text"}


def constraints() -> Iterator[tuple[type[Model], BaseConstraint]]:
    for model in apps.get_models():
        if model._meta.app_label in ("contacts", "channels", "distributor") and not model._meta.proxy:
            yield from ((model, constraint) for constraint in model._meta.constraints)


# Forms offer no row of another organisation (admin/support/narrowing.py).
BOUNDARIES = (KeepsOrganization, OrganizationKey, SameOrganization, SameOrganizationKey)


def test_every_constraint_that_a_form_can_meet_has_a_sentence() -> None:
    silent, told = set(), 0
    for model, constraint in constraints():
        if model.__name__ in WITHOUT_FORMS or constraint.name in UNREACHABLE or isinstance(constraint, BOUNDARIES):
            continue
        # Django words these itself: “Member with this Organization and User already exists.”
        is_worded = isinstance(constraint, UniqueConstraint) and constraint.fields and constraint.condition is None
        sentence = str(constraint.violation_error_message)
        if sentence != str(BaseConstraint.default_violation_error_message):
            assert re.fullmatch(r"[A-Z][^_]+[.]", sentence), sentence
            told += 1
        elif not is_worded:
            silent.add(constraint.name)
    assert not silent
    assert told > 15


def test_the_lists_of_the_test_name_what_exists() -> None:
    constrained = list(constraints())
    assert {model.__name__ for model, _ in constrained} >= WITHOUT_FORMS - {"Attempt"}
    assert {constraint.name for _, constraint in constrained} >= UNREACHABLE


@pytest.mark.parametrize(
    ("taken", "sentence"),
    [
        ({"external_id": "X-1"}, "Another contact of the organisation has this external ID."),
        ({"email": "A@example.com"}, "Another contact without an external ID has this e-mail address."),
        ({"phone": "+48601100041"}, "Another contact that is known by its number only has this phone number."),
    ],
)
def test_an_identity_of_another_contact_is_refused(
    operator: Client, organization: Organization, taken: dict[str, str], sentence: str
) -> None:
    """Also on the page of a stored contact, which does not show the organisation that the constraint is about."""
    Contact.objects.create(organization=organization, **{name: value.lower() for name, value in taken.items()} | taken)
    changed = Contact.objects.create(organization=organization, phone="+48601100042")
    form = {"embedded_data": "{}", "phone": "", **taken}
    for page in (address(changed, "change"), address(Contact, "add")):
        answer = operator.post(page, {"organization": organization.pk, **form})
        assert (answer.status_code, sentence in answer.content.decode()) == (200, True)
    assert Contact.objects.count() == 2


def test_half_a_quiet_night_is_refused_in_words(operator: Client, organization: Organization) -> None:
    organization.quiet_from, organization.quiet_until = None, None
    answer = operator.get(address(organization, "change"))
    form = {name: "" if value is None else value for name, value in answer.context["adminform"].form.initial.items()}
    answer = operator.post(address(organization, "change"), form | {"quiet_from": "22:00", "quiet_until": ""})
    assert "Enter both ends of the quiet hours" in answer.content.decode()
