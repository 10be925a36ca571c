"""The pages of the second factor: proving it after the password, and adding and removing devices."""

from base64 import b32encode
from binascii import hexlify, unhexlify
from collections.abc import Callable
from functools import wraps
from secrets import token_bytes
from typing import Any

import segno
from django.contrib import admin, messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_otp_webauthn.models import WebAuthnCredential

from distributor.sign_in import second_factor
from distributor.sign_in.confirmation import next_page
from distributor.sign_in.session import ask_password_again, is_confirmed

View = Callable[[HttpRequest], HttpResponse]
_NEW_KEY = "new_app_key"


def _page(request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
    frame = admin.site.each_context(request)
    return TemplateResponse(request, f"sign_in/{template}.html", {**frame, "title": title, **context})


def for_enrolment(view: View) -> View:
    """Decorate a page on which the own second factor is changed: with a password entered within ten minutes."""

    @never_cache
    @wraps(view)
    def respond(request: HttpRequest) -> HttpResponse:
        if not second_factor.may_enrol(request):
            return redirect_to_login(request.get_full_path(), reverse("admin:login"))
        if not is_confirmed(request):
            return ask_password_again(request)
        return view(request)

    return respond


@never_cache
def prove_second_factor(request: HttpRequest) -> HttpResponse:
    """Ask for a code or a passkey after the password."""
    if not second_factor.has_given_password(request):
        return redirect_to_login(next_page(request), reverse("admin:login"))
    if not second_factor.devices_of(request.user):
        return HttpResponseRedirect(reverse("second_factor"))
    code = request.POST.get("code", "")
    if code and second_factor.prove(request, code):
        return HttpResponseRedirect(next_page(request))
    has_passkey = WebAuthnCredential.objects.filter(user=request.user.pk).exists()
    context = {"is_wrong": bool(code), "has_passkey": has_passkey, "next": next_page(request)}
    return _page(request, "prove", "Second factor", **context)


@for_enrolment
def show_devices(request: HttpRequest) -> HttpResponse:
    user = request.user
    context = {
        "devices": second_factor.devices_of(user),
        "recovery_codes_left": second_factor.count_recovery_codes(user),
        "is_kept_out": not second_factor.is_signed_in(request),
    }
    return _page(request, "devices", "Second factor", **context)


@for_enrolment
def add_app(request: HttpRequest) -> HttpResponse:
    """Show a new secret as a QR code, and take it when the app shows a right code for it."""
    key = request.session.get(_NEW_KEY) or hexlify(token_bytes(20)).decode()
    if request.method == "POST":
        device = second_factor.add_app(request.user, key, request.POST.get("code", "").replace(" ", ""))
        if device is not None:
            del request.session[_NEW_KEY]
            second_factor.accept(request, device)
            return _after_adding(request)
    request.session[_NEW_KEY] = key
    device = TOTPDevice(user=request.user, key=key)
    context = {
        "qr_code": _as_svg(device.config_url),
        "secret": _as_base32(key),
        "is_wrong": request.method == "POST",
    }
    return _page(request, "add_app", "Add an authenticator app", **context)


def _after_adding(request: HttpRequest) -> HttpResponse:
    if second_factor.count_recovery_codes(request.user):
        messages.success(request, "The authenticator app was added.")
        return HttpResponseRedirect(reverse("second_factor"))
    return _show_codes(request)


@require_POST
@for_enrolment
def make_codes(request: HttpRequest) -> HttpResponse:
    if not second_factor.devices_of(request.user):
        messages.error(request, "Add an authenticator app or a passkey first.")
        return HttpResponseRedirect(reverse("second_factor"))
    return _show_codes(request)


def _show_codes(request: HttpRequest) -> HttpResponse:
    codes = second_factor.make_recovery_codes(request.user)
    return _page(request, "recovery_codes", "Recovery codes", codes=codes)


@require_POST
@for_enrolment
def remove_device(request: HttpRequest) -> HttpResponse:
    if second_factor.remove_device(request.user, request.POST.get("device", "")):
        messages.success(request, "The device was removed.")
    else:
        messages.error(request, "You have no such device.")
    return HttpResponseRedirect(reverse("second_factor"))


def _as_svg(url: str) -> SafeString:
    """Draw a QR code. It is part of the page, so that no other address and no script has the secret."""
    drawing: str = segno.make(url, error="m").svg_inline(scale=5, border=2, light="white")
    return mark_safe(drawing)  # noqa: S308  our library's drawing; it contains no text of the URL


def _as_base32(key: str) -> str:
    text = b32encode(unhexlify(key)).decode().rstrip("=")
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))
