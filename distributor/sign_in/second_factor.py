"""Second factors: which ones a user has, when one is asked for, and how they are made and removed."""

import re
import time
from collections.abc import Sequence
from typing import Any, Final

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest
from django_otp import devices_for_user, match_token, user_has_device
from django_otp import login as remember_device
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from distributor.sign_in.session import is_session_over

logger = structlog.get_logger(__name__)

RECOVERY_CODES: Final = 10
_CODE: Final = re.compile("[0-9a-z]{1,16}")


def has_given_password(request: HttpRequest) -> bool:
    """Whether somebody who may use the admin has signed in, with or without a second factor."""
    user = request.user
    return bool(user.is_active and user.is_staff and not is_session_over(request))


def is_signed_in(request: HttpRequest) -> bool:
    """Whether somebody who may use the admin has proved enough: also the second factor, where there must be one."""
    return has_given_password(request) and (_has_proved(request) or not needs_second_factor(request.user))


def may_enrol(request: HttpRequest) -> bool:
    """Whether the user may add a second factor: signed in, or kept out only because there is none yet."""
    return is_signed_in(request) or (has_given_password(request) and not user_has_device(request.user))


def needs_second_factor(user: Any) -> bool:
    return bool(settings.REQUIRE_SECOND_FACTOR or user_has_device(user))


def _has_proved(request: HttpRequest) -> bool:
    return getattr(request.user, "otp_device", None) is not None


def prove(request: HttpRequest, code: str) -> bool:
    """Check a code of an authenticator app or a recovery code. Each is taken once; wrong ones slow the next down."""
    text = code.replace(" ", "").lower()
    device = match_token(request.user, text) if _CODE.fullmatch(text) else None
    if device is None:
        logger.warning("second_factor_failed", user=request.user.get_username())
        return False
    accept(request, device)
    return True


def accept(request: HttpRequest, device: Any) -> None:
    """Remember for this session that the user has used the device."""
    request.session.cycle_key()
    remember_device(request, device)


def add_app(user: Any, key: str, code: str) -> TOTPDevice | None:
    """Add an authenticator app with this secret, in hex, if it shows the code. None: it does not."""
    device = TOTPDevice(user=user, key=key, name="Authenticator app")
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits)
    totp.time = time.time()
    if not _CODE.fullmatch(code) or not code.isdigit() or not totp.verify(int(code), device.tolerance):
        return None
    device.last_t = totp.t()  # the code is used up
    device.save()
    note_change(user, "app_added")
    return device


def make_recovery_codes(user: Any) -> Sequence[str]:
    """Replace the user's recovery codes. They are for a lost device, and are shown once."""
    with transaction.atomic():
        StaticDevice.objects.filter(user=user).delete()
        device = StaticDevice.objects.create(user=user, name="Recovery codes")
        codes = [StaticToken.random_token() for _ in range(RECOVERY_CODES)]
        StaticToken.objects.bulk_create(StaticToken(device=device, token=code) for code in codes)
    note_change(user, "recovery_codes_made")
    return codes


def count_recovery_codes(user: Any) -> int:
    count: int = StaticToken.objects.filter(device__user=user).count()
    return count


def devices_of(user: Any) -> list[Any]:
    """Return the user's authenticator apps and passkeys."""
    return [device for device in devices_for_user(user) if not isinstance(device, StaticDevice)]


def remove_device(user: Any, persistent_id: str) -> bool:
    """Remove one of the user's devices, and with the last one the recovery codes."""
    found = next((device for device in devices_of(user) if device.persistent_id == persistent_id), None)
    if found is None:
        return False
    with transaction.atomic():
        found.delete()
        if not devices_of(user):
            StaticDevice.objects.filter(user=user).delete()
    note_change(user, "device_removed")
    return True


def reset_second_factor(user: User) -> int:
    """Remove all second factors of a user who lost them. Return how many devices there were."""
    count = len(devices_of(user))
    with transaction.atomic():
        for device in list(devices_for_user(user, confirmed=None)):
            device.delete()
    note_change(user, "reset")
    return count


def note_change(user: Any, change: str) -> None:
    logger.info("second_factor_changed", user=user.get_username(), change=change)
