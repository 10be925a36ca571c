"""How long a login lasts, and when the password was entered last."""

import time
from typing import Any, Final
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

CONFIRMED_SECONDS: Final = 600
_SIGNED_IN, _CONFIRMED = "signed_in_at", "confirmed_at"


@receiver(user_logged_in)
def note_login(sender: Any, request: HttpRequest, **_: Any) -> None:
    request.session[_SIGNED_IN] = time.time()
    note_confirmation(request)


def note_confirmation(request: HttpRequest) -> None:
    """Remember that the user has just proved who they are."""
    request.session[_CONFIRMED] = time.time()


def is_session_over(request: HttpRequest) -> bool:
    """Whether the login is older than SESSION_COOKIE_AGE. Using the session does not prolong it."""
    age: float = time.time() - request.session.get(_SIGNED_IN, 0)
    return age > settings.SESSION_COOKIE_AGE


def is_confirmed(request: HttpRequest) -> bool:
    """Whether the user has signed in, or entered the password again, within ten minutes."""
    age: float = time.time() - request.session.get(_CONFIRMED, 0)
    return age <= CONFIRMED_SECONDS


def ask_password_again(request: HttpRequest) -> HttpResponse:
    """Send the user to the page that asks for the password, and then back to this page."""
    if request.method == "POST":
        messages.warning(request, "Nothing was saved, because your password had to be asked for again.")
    return HttpResponseRedirect(confirmation_url(request))


def confirmation_url(request: HttpRequest) -> str:
    """Return the address of the page that asks for the password and leads back to this one."""
    return f"{reverse('confirm_password')}?{urlencode({'next': request.get_full_path()})}"
