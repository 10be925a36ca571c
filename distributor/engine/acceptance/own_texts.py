"""Steps with texts of their own get automatic templates that have these texts."""

from collections.abc import Sequence
from dataclasses import replace

from channels.own_texts import keep_own_text
from contacts.models import Organization
from distributor.rules.requests import StepRequest


def with_own_templates(organization: Organization, steps: Sequence[StepRequest]) -> Sequence[StepRequest]:
    """Return the steps, each with a template. Makes no query if no step has its own texts."""
    if not any(step.texts for step in steps):
        return steps
    return [
        replace(step, template_id=keep_own_text(organization, step.channel, step.texts), texts={})
        if step.texts
        else step
        for step in steps
    ]
