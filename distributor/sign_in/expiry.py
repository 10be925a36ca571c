"""Deletes what is left of logins: sessions that are over, and failures that no longer count."""

from datetime import datetime

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.sessions.models import Session


def forget_expired_logins(now: datetime) -> int:
    """Delete sessions that are over, and failed logins with their names and addresses. Return how many rows."""
    sessions, _ = Session.objects.filter(expire_date__lt=now).delete()
    failures, _ = AccessAttempt.objects.filter(attempt_time__lt=now - settings.AXES_COOLOFF_TIME).delete()
    return int(sessions + failures)
