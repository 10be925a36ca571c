"""Failed logins are counted by user name and address; too many are answered 429 for a while."""

from typing import Any, Final

import structlog
from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from axes.signals import user_locked_out
from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.db.models import Sum
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

logger = structlog.get_logger(__name__)

# Failures within AXES_COOLOFF_TIME: of one name from one address, of one address with any names (an office may share
# it), and of one name from any addresses. The last is far away, so that strangers do not lock somebody out by the way.
FAILURES_OF_PAIR: Final = 5
FAILURES_OF_ADDRESS: Final = 50
FAILURES_OF_NAME: Final = 100


class LoginThrottle(AxesDatabaseHandler):  # type: ignore[misc]
    """Counts what django-axes stores by three limits. A success forgets the failures of its name and address only."""

    def get_failures(self, request: Any, credentials: dict[str, Any] | None = None) -> int:
        pair: int = super().get_failures(request, credentials)
        recent = AccessAttempt.objects.filter(attempt_time__gte=request.axes_attempt_time - settings.AXES_COOLOFF_TIME)
        name = (credentials or {}).get("username")
        of_address = _total(recent.filter(ip_address=request.axes_ip_address)) if request.axes_ip_address else 0
        is_over = of_address >= FAILURES_OF_ADDRESS or _total(recent.filter(username=name)) >= FAILURES_OF_NAME
        return max(pair, FAILURES_OF_PAIR) if is_over else pair


def _total(attempts: Any) -> int:
    return attempts.aggregate(total=Sum("failures_since_start"))["total"] or 0


def answer_locked(request: HttpRequest, response: HttpResponse | None, credentials: Any = None) -> HttpResponse:
    """Answer a login after too many failures, whether or not the password was right."""
    seconds = int(settings.AXES_COOLOFF_TIME.total_seconds())
    context = {"title": "Too many failed logins", "minutes": seconds // 60}
    answer = TemplateResponse(request, "sign_in/locked.html", context, status=429, headers={"Retry-After": seconds})
    return answer.render()


@receiver(user_login_failed)
def log_failure(sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    logger.warning("login_failed", user=str(credentials.get("username", ""))[:150])


@receiver(user_locked_out)
def log_lockout(*_: Any, username: str | None = None, **__: Any) -> None:
    logger.warning("login_locked", user=str(username or "")[:150])
