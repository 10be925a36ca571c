"""A distribution's steps, as they were asked for."""

from typing import Any

from distributor.models import Step


def render_step(step: Step) -> dict[str, Any]:
    """As StepDocument says; the step's accounts are loaded with it."""
    accounts = sorted(step.accounts.all(), key=lambda one: one.position)
    has_weights = any(one.weight for one in accounts)
    return {
        "id": step.id,
        "kind": str(step.kind),
        "channel": str(step.channel),
        "priority": step.priority,
        "providerIds": [one.provider_account_id for one in accounts] or [step.provider_account_id],
        "weights": [one.weight for one in accounts] if has_weights else None,
        "templateId": step.template_id,
        "fromEmail": step.from_email or None,
        "fromName": step.from_name or None,
        "replyToEmail": step.reply_to_email or None,
        "subject": step.subject or None,
        "fallbackDelayMinutes": step.fallback_delay_minutes,
        "delayMinutes": step.delay_minutes,
    }
