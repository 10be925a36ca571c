"""Delete a distribution of a path."""

from http import HTTPStatus

from distributor.api.answers.problems import Problem
from distributor.engine.control import delete
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Distribution, Step


def delete_distribution(found: Distribution | Step) -> None:
    """Cancel and hide a distribution. Raises a 409 Problem for a reminder or thank-you."""
    if isinstance(found, Step):
        detail = "Reminders and thank-yous cannot be deleted. Delete their distribution."
        raise Problem(HTTPStatus.CONFLICT, "follow_up_stays", detail)
    delete(found.pk, database_now())
