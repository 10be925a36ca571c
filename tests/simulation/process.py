"""A process of `python -m tests.simulation`."""

import os

import django

from tests.simulation.outcome import Outcome

TENANTS = 6


def simulate_on(url: str, recipients: int, seed: int) -> Outcome:
    """Simulate on a database of its own: Django is told which one before it is set up."""
    os.environ["DATABASE_URL"] = url
    django.setup()
    from django.core.management import call_command

    from tests.simulation.run import simulate

    call_command("migrate", verbosity=0)
    return simulate(recipients, seed, tenants=TENANTS)
